"""Image files as batches, each image at several scales."""

from collections.abc import Sequence

import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from scalestream.errors import InputError, in_one_line, shown
from scalestream.images.geometry import magnification_crop, scale_crop
from scalestream.images.preprocessing import Resized, resized, view
from scalestream.vision import functional as F


def open_rgb(path: str) -> Image.Image:
    """The image file as 8-bit RGB; raises InputError naming a file that has gone or changed since it was listed."""
    try:
        with Image.open(path) as file:
            return file.convert("RGB")
    except OSError as error:
        raise InputError(
            f"{shown(path)} was readable when the images were listed and is not now ({in_one_line(error)}); "
            "put it back, or run again to list the images anew"
        ) from error


class ImageFiles(Sequence):
    """The resized images of image files, decoded when asked for."""

    def __init__(self, paths: list[str], resize: int, interpolation: str = "bilinear"):
        self.paths, self.resize, self.interpolation = paths, resize, interpolation

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Resized:
        return resized(open_rgb(self.paths[index]), self.resize, self.interpolation)


class ScaleTransformedImages(Dataset):
    """Images at several scales.

    Item: 8-bit images (len(percents), 3, crop, crop), one a scale, and the class index.
    """

    def __init__(self, images: Sequence[Resized], labels: list[int], percents: list[int], crop: int, convention: str = "paper"):
        self.images, self.labels, self.percents = images, labels, percents
        self.crop, self.convention = crop, convention

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        image = self.images[index]
        sides = [scale_crop(percent, image.square.width, self.crop, self.convention) for percent in self.percents]
        return _views(image, sides, self.crop), self.labels[index]


class MagnifiedImages(Dataset):
    """Images at several magnifications relative to no scale.

    Item: 8-bit images (len(magnifications), 3, crop, crop), one a magnification, and the class index. sides: of the center
    crops of the resized image, in pixels, by magnification.
    """

    def __init__(self, images: Sequence[Resized], labels: list[int], magnifications: list[float], crop: int):
        self.images, self.labels, self.magnifications, self.crop = images, labels, magnifications, crop
        self.sides = [magnification_crop(crop, magnification) for magnification in magnifications]

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return _views(self.images[index], self.sides, self.crop), self.labels[index]


def _views(image: Resized, sides: list[int], crop: int) -> torch.Tensor:
    return torch.stack([F.pil_to_tensor(view(image, side, crop)) for side in sides])


def batches(
    images: Dataset,
    batch_size: int,
    workers: int,
    begin: int = 0,
    order: Sequence[int] | None = None,
) -> DataLoader:
    """Batches from index `begin` on, of what the images have for an item: with views and a class index, 8-bit images
    (N, views, 3, crop, crop) and class indices (N,).

    order: the images by index; without it, as they come.
    """
    order = range(len(images)) if order is None else order
    return DataLoader(
        images,
        batch_size=batch_size,
        sampler=order[begin:],
        num_workers=workers if workers > 1 else 0,
        pin_memory=torch.cuda.is_available(),
    )
