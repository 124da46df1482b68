"""From image files to network input, with torchvision's transforms on PIL images (paper, section 4)."""

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import functional as F

from scalestream.errors import InputError, in_one_line
from scalestream.geometry import magnification_crop, scale_crop

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def to_tensor(image: Image.Image | np.ndarray) -> torch.Tensor:
    """8-bit RGB image (H, W, 3) -> (3, H, W) in 0..1."""
    return F.to_tensor(image)


def normalize(images: torch.Tensor) -> torch.Tensor:
    """(N, 3, H, W) in 0..1 -> network input, with ImageNet's mean and standard deviation."""
    return F.normalize(images, IMAGENET_MEAN, IMAGENET_STD)


def magnify(image: Image.Image, factor: float = 2) -> Image.Image:
    """S(X): center crop to 1 / factor of the side, then bilinear resize back (paper, section 3)."""
    side = image.width
    return F.resize(F.center_crop(image, magnification_crop(side, factor)), [side, side])


def scaled_view(image: Image.Image, percent: int, resize: int, crop: int, convention: str = "paper") -> Image.Image:
    """The network's view of an image at scale `percent`: Resize(resize), center crop, bilinear resize to `crop`."""
    side = scale_crop(percent, resize, crop, convention)
    view = F.center_crop(F.resize(image, resize), [side, side])
    return F.resize(view, [crop, crop])


def open_rgb(path: str) -> Image.Image:
    """The image file as 8-bit RGB; raises InputError naming a file that has gone or changed since it was listed."""
    try:
        with Image.open(path) as file:
            return file.convert("RGB")
    except OSError as error:
        raise InputError(f"{path} was readable when the images were listed and is not now ({in_one_line(error)}); "
                         "put it back, or run again to list the images anew") from error


class ScaledViews(Dataset):
    """Image files at several scales; each file is decoded once.

    Item: 8-bit views (len(percents), 3, crop, crop), and the class index.
    """

    def __init__(self, paths: list[str], labels: list[int], percents: list[int], resize: int, crop: int,
                 convention: str = "paper"):
        self.paths, self.labels, self.percents = paths, labels, percents
        self.geometry = resize, crop, convention

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        image = open_rgb(self.paths[index])
        views = [F.pil_to_tensor(scaled_view(image, percent, *self.geometry)) for percent in self.percents]
        return torch.stack(views), self.labels[index]


def batches(views: ScaledViews, batch_size: int, workers: int) -> DataLoader:
    """Batches in order: 8-bit views (N, len(percents), 3, crop, crop) and class indices (N,)."""
    return DataLoader(views, batch_size=batch_size, num_workers=workers if workers > 1 else 0)


def network_input(views: torch.Tensor, device: torch.device) -> torch.Tensor:
    """8-bit views (N, 3, S, S) -> normalised network input on the device."""
    return normalize(views.to(device).float() / 255)
