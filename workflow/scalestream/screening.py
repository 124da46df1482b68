"""Random control draws, and their screening by the damage they do (paper, section 4)."""

import zlib
from collections.abc import Callable, Iterator
from fractions import Fraction
from math import ceil, floor

import numpy as np

from scalestream.errors import InputError


def random_channels(block: str, draw: int, passing: list[int], total: int, seed: int) -> list[int]:
    """Random draw number `draw`: as many channels as pass, out of those that do not, in ascending order.

    Depends on the arguments alone. Raises InputError when there are too few channels to draw from.
    """
    others = np.setdiff1d(np.arange(total), passing)
    if len(others) < len(passing):
        raise InputError(f"block {block}: {len(passing)} of {total} channels pass, so as many others cannot be drawn; "
                         "take the block out of ablation.blocks")
    rng = np.random.default_rng([seed, zlib.crc32(block.encode()), draw])
    return np.sort(rng.choice(others, size=len(passing), replace=False)).tolist()


def most_accepted(scale_correct: int, n_images: int, slack: float) -> int:
    """The most correct answers at no scale of a draw that harms enough: the scale condition's plus `slack` (a fraction)."""
    return scale_correct + floor(Fraction(str(slack)) * n_images)


class Tally:
    """Correct answers of several draws, each followed image by image until it has more than `most`.

    counts: where an earlier try got to, as (n_correct, n_seen) by draw.
    """

    def __init__(self, draws: int, most: int, counts: list[list[int]] | None = None):
        self.most = most
        self.n_correct, self.n_seen = np.array(counts or np.zeros((2, draws)), dtype=np.int64).reshape(2, draws)

    @property
    def counts(self) -> list[list[int]]:
        """(n_correct, n_seen) by draw."""
        return [self.n_correct.tolist(), self.n_seen.tolist()]

    @property
    def followed(self) -> np.ndarray:
        """Places of the draws that can still be accepted."""
        return np.flatnonzero(self.n_correct <= self.most)

    def add(self, correct: np.ndarray) -> None:
        """correct: (followed draws, N), whether the next images are answered correctly."""
        for place, answers in zip(self.followed, correct, strict=True):
            counts = self.n_correct[place] + np.cumsum(answers)
            seen = min(np.searchsorted(counts, self.most + 1) + 1, len(counts))
            self.n_correct[place] = counts[seen - 1]
            self.n_seen[place] += seen


def screen(draws: Callable[[int], list[int]], tally: Callable[[range, list[list[int]]], Tally], first: int, wanted: int,
           limit: int) -> Iterator[dict]:
    """Screen draws first, first + 1, ... in order, until `wanted` are accepted or draw number `limit` is reached.

    draws: number -> channels. tally: numbers and their channel sets -> their tally over the images, in one pass over them. A
    pass takes as many draws as should do at the rate of acceptance so far; those past the last one wanted are not yielded.
    Yields number, channels, n_correct, n_seen and accepted of every draw; a draw that is not accepted counts up to the image that decided it.
    """
    found, begin = 0, first
    size = wanted
    while found < wanted and begin < limit:
        numbers = range(begin, min(begin + size, limit))
        sets = [draws(number) for number in numbers]
        counts = tally(numbers, sets)
        for number, channels, n_correct, n_seen in zip(numbers, sets, counts.n_correct.tolist(), counts.n_seen.tolist(),
                                                         strict=True):
            accepted = n_correct <= counts.most
            yield {"draw": number, "channels": channels, "n_correct": n_correct, "n_seen": n_seen, "accepted": accepted}
            found += accepted
            if found == wanted:
                return
        begin = numbers.stop
        size = ceil((wanted - found) * (begin - first) / found) if found else 2 * size
