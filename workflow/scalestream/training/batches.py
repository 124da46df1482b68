"""The batches of a training: each of seed, epoch and place alone, so that neither workers nor a new start change it."""

import zlib
from collections.abc import Sequence

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from scalestream.images.preprocessing import Resized
from scalestream.training.augmentation import Augmentation


class Epoch(Dataset):
    """Whole batches of all images in random order; what is left over at the end is left out, in each epoch something else.

    Item: 8-bit views (batch_size, 3, crop, crop) and class indices (batch_size,).
    """

    def __init__(
        self,
        images: Sequence[Resized],
        labels: Sequence[int],
        augmentation: Augmentation,
        batch_size: int,
        seed: int,
        number: int,
    ):
        self.images, self.labels, self.augmentation, self.batch_size = images, labels, augmentation, batch_size
        self.seed, self.number = seed, number
        self.order = _rng(seed, "order", number).permutation(len(images))

    def __len__(self) -> int:
        return len(self.images) // self.batch_size

    def __getitem__(self, batch: int) -> tuple[torch.Tensor, torch.Tensor]:
        chosen = self.order[batch * self.batch_size : (batch + 1) * self.batch_size]
        squares = [self.images[index].square for index in chosen.tolist()]
        views = self.augmentation.views(squares, _rng(self.seed, "augmentation", self.number, batch))
        return views, torch.tensor([self.labels[index] for index in chosen])


def loaded(epoch: Epoch, begin: int, workers: int) -> DataLoader:
    """An epoch's batches from number `begin` on."""
    return DataLoader(
        epoch,
        batch_size=None,
        sampler=range(begin, len(epoch)),
        num_workers=workers if workers > 1 else 0,
        pin_memory=torch.cuda.is_available(),
        generator=torch.Generator(),  # without one it would draw from the network's
    )


def _rng(seed: int, purpose: str, *place: int) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(purpose.encode()), *place])
