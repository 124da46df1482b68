"""Random views of training images: torchvision's RandomResizedCrop or RandomCrop, and a mirroring."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image

from scalestream.vision import functional as F

RATIOS = (3 / 4, 4 / 3)  # of width to height, torchvision's
ATTEMPTS = 10  # at a crop that lies inside the image; then it is all of it


@dataclass(frozen=True)
class Augmentation:
    """area: from and to, as a share of the image, of the crop that is resized to the network's input; None for a crop of the
    input's own size, which leaves scales as they are. mirror: half of the images, left to right. crop: side of the input in
    pixels."""

    area: tuple[float, float] | None
    mirror: bool
    crop: int

    @classmethod
    def from_settings(cls, settings: dict) -> "Augmentation":
        """From configuration values by dotted key."""
        area = settings["training.augmentation.area"]
        return cls(area and tuple(area), settings["training.augmentation.mirror"], settings["images.crop"])

    def views(self, squares: Sequence[Image.Image], rng: np.random.Generator) -> torch.Tensor:
        """A random view of each of the images, which are of one size: 8-bit (N, 3, crop, crop)."""
        windows = self.windows(len(squares), squares[0].width, rng)
        mirrored = rng.random(len(squares)) < 0.5 if self.mirror else np.zeros(len(squares), bool)
        views = [self._view(*each) for each in zip(squares, windows.tolist(), mirrored)]
        return torch.from_numpy(np.stack(views)).permute(0, 3, 1, 2)

    def windows(self, count: int, side: int, rng: np.random.Generator) -> np.ndarray:
        """Top, left, height and width of random crops of an image of that side: (count, 4)."""
        if self.area is None:
            sides = np.full((count, 2), self.crop)
        else:
            areas = rng.uniform(*self.area, (count, ATTEMPTS)) * side**2
            ratios = np.exp(rng.uniform(*map(math.log, RATIOS), (count, ATTEMPTS)))
            tried = np.rint(np.sqrt(np.stack([areas / ratios, areas * ratios], axis=-1))).astype(int)
            fits = ((tried > 0) & (tried <= side)).all(axis=-1)
            first = tried[np.arange(count), fits.argmax(axis=1)]
            sides = np.where(fits.any(axis=1)[:, None], first, side)
        return np.hstack([rng.integers(0, side - sides, endpoint=True), sides])

    def _view(self, square: Image.Image, window: list[int], mirrored: bool) -> np.ndarray:
        view = F.crop(square, *window) if self.area is None else F.resized_crop(square, *window, [self.crop, self.crop])
        return np.asarray(F.hflip(view) if mirrored else view)
