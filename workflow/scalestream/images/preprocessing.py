"""From images to network input, with torchvision's transforms on PIL images (paper, section 4)."""

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch.nn.functional import affine_grid, grid_sample

from scalestream.images.geometry import magnification_crop, scale_crop
from scalestream.vision import functional as F


@dataclass(frozen=True)
class Normalization:
    """Mean and standard deviation of each colour, in 0..1, that images are normalised with."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    @classmethod
    def from_settings(cls, settings: dict) -> "Normalization":
        """From configuration values by dotted key."""
        return cls(tuple(settings["images.mean"]), tuple(settings["images.std"]))


IMAGENET = Normalization((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def to_tensor(image: Image.Image | np.ndarray) -> torch.Tensor:
    """8-bit RGB image (H, W, 3) -> (3, H, W) in 0..1."""
    return F.to_tensor(image)


def normalize(images: torch.Tensor, normalization: Normalization = IMAGENET) -> torch.Tensor:
    """(N, 3, H, W) in 0..1 -> network input."""
    return F.normalize(images, normalization.mean, normalization.std)


def magnify(images: torch.Tensor, factor: float = 2, about: float | None = None, window: slice = slice(None)) -> torch.Tensor:
    """S(X) of network input (N, 3, S, S): center crop to 1 / factor of the side, then bilinear resize back (paper, section 3).

    about: the row and column, in pixels, that stays where it is, in place of the image's middle; then a factor below 1 shrinks
    the image, with the mean colour around it. window: with `about`, the rows and columns that are wanted of the result. In
    floating point, as in the author's program: rounded to 8 bits, the magnified image can turn the verdict of Eq. 1.
    """
    side = images.shape[-1]
    if about is None:
        return F.resize(F.center_crop(images, magnification_crop(side, factor)), [side, side])
    return moved_about(images, [[1 / factor, 0], [0, 1 / factor]], about, window)


def moved_about(images: torch.Tensor, turn: list[list[float]], about: float, window: slice = slice(None)) -> torch.Tensor:
    """Network input (N, 3, S, S) in which the pixel at an offset (x, y) from that in row and column `about` comes from
    `turn` @ (x, y); the mean colour lies beyond. window: the rows and columns that are wanted."""
    side = images.shape[-1]
    fixed = np.full(2, (about - (side - 1) / 2) * 2 / side)  # in halves of the side, as affine_grid counts
    theta = np.column_stack([turn, fixed - np.array(turn) @ fixed])
    grid = affine_grid(torch.tensor(theta).to(images)[None], [1, 3, side, side], align_corners=False)[:, window, window]
    return grid_sample(images, grid.expand(len(images), -1, -1, -1), align_corners=False)


@dataclass(frozen=True)
class Resized:
    """A resized image, cropped: the square in its center that every scale is cropped from, and its (width, height) before."""

    square: Image.Image
    size: tuple[int, int]


def resized(image: Image.Image, side: int, interpolation: str = "bilinear") -> Resized:
    """Resize(side), then CenterCrop(side); interpolation: a value of torchvision's InterpolationMode."""
    whole = F.resize(image, side, F.InterpolationMode(interpolation))
    return Resized(F.center_crop(whole, [side, side]), whole.size)


def scale_transform(image: Resized, percent: int, crop: int, convention: str = "paper") -> Image.Image:
    """What the network sees of an image at scale `percent`: a `view` of the side that the convention gives."""
    return view(image, scale_crop(percent, image.square.width, crop, convention), crop)


def view(image: Resized, side: int, crop: int) -> Image.Image:
    """The center crop of the resized image, of this side, and its bilinear resize to `crop`."""
    # The center crop of the whole image lies up to a pixel beside that of the square, by how halves are rounded.
    left, top = (_margin(length, side) - _margin(length, image.square.width) for length in image.size)
    return F.resize(image.square.crop((left, top, left + side, top + side)), [crop, crop])


def _margin(length: int, side: int) -> int:
    """Pixels before a center crop, as torchvision rounds them."""
    return round((length - side) / 2)


def network_input(images: torch.Tensor, device: torch.device, normalization: Normalization = IMAGENET) -> torch.Tensor:
    """8-bit images (N, 3, S, S) -> normalised network input on the device."""
    return normalize(images.to(device, non_blocking=True).float() / 255, normalization)
