"""Image files as batches, each image at several scales."""

from collections.abc import Sequence

import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import functional as F

from scalestream.errors import InputError, in_one_line
from scalestream.images.preprocessing import Resized, resized, scale_transform


def open_rgb(path: str) -> Image.Image:
    """The image file as 8-bit RGB; raises InputError naming a file that has gone or changed since it was listed."""
    try:
        with Image.open(path) as file:
            return file.convert("RGB")
    except OSError as error:
        raise InputError(
            f"{path} was readable when the images were listed and is not now ({in_one_line(error)}); "
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
        scaled = [F.pil_to_tensor(scale_transform(image, percent, self.crop, self.convention)) for percent in self.percents]
        return torch.stack(scaled), self.labels[index]


def batches(
    images: ScaleTransformedImages, batch_size: int, workers: int, begin: int = 0, order: Sequence[int] | None = None
) -> DataLoader:
    """Batches from index `begin` on: 8-bit images (N, len(percents), 3, crop, crop) and class indices (N,).

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
