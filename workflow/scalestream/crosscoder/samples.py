"""The samples of a crosscoder: which it is trained on, and which are held out."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from scalestream.errors import InputError
from scalestream.measures.sums import ROUNDING

HELD_OUT = 0.1  # of the images
PART = 4096  # samples read at a time


@dataclass(frozen=True)
class Samples:
    """Activations (samples, sites, octaves, channels), which may be mapped from a file.

    training, held_out: numbers of samples, in ascending order; all crops of an image are on one side. partner: of every sample
    the one whose Pre it has, which is itself unless Pre is shuffled.
    """

    values: np.ndarray
    training: np.ndarray
    held_out: np.ndarray
    partner: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, crops: int, shuffled: bool = False) -> "Samples":
        """The split, and the partners, follow from the number of samples alone.

        crops: of an image, which follow each other. shuffled: give every sample the Pre of another image on its side, so that
        nothing that In and Pre have in common is left. Raises InputError where a side would have less than two images.
        """
        count = len(values) // crops
        if count < 4:
            raise InputError(f"a crosscoder needs four images or more, two of them held out; there are {count}")
        order = np.random.default_rng(0).permutation(count)
        kept = max(2, round(HELD_OUT * count))
        sides = [np.sort(_of_images(side, crops)) for side in (order[kept:], order[:kept])]
        partner = np.arange(len(values))
        if shuffled:
            for side in (order[kept:], order[:kept]):
                partner[_of_images(side, crops)] = _of_images(np.roll(side, 1), crops)
        return cls(values, *sides, partner)

    def take(self, numbers: np.ndarray) -> torch.Tensor:
        """Samples by number: (N, sites, octaves, channels)."""
        of_in, of_pre = self.values[numbers, 0], self.values[self.partner[numbers], 1]
        return torch.from_numpy(np.stack([of_in, of_pre], axis=1))

    def parts(self, numbers: np.ndarray) -> Iterator[torch.Tensor]:
        """Samples by number, some at a time."""
        return (self.take(numbers[first : first + PART]) for first in range(0, len(numbers), PART))

    def statistics(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Of the training samples: the mean (sites, octaves, channels), and the root mean square about it, one for all channels
        of a site and magnification, (sites, octaves); 1 where nothing varies."""
        count = len(self.training)
        mean = sum(part.double().sum(dim=0) for part in self.parts(self.training)) / count
        square = sum((part.double() - mean).square().mean(dim=-1).sum(dim=0) for part in self.parts(self.training)) / count
        varies = square.sqrt() > ROUNDING * mean.abs().amax(dim=-1)
        return mean.float(), torch.where(varies, square.sqrt(), 1.0).float()


def _of_images(images: np.ndarray, crops: int) -> np.ndarray:
    return (images[:, None] * crops + np.arange(crops)).ravel()
