"""Random control draws, and their screening by the damage they do (paper, section 4)."""

import zlib
from collections.abc import Callable, Iterator
from fractions import Fraction
from math import ceil, floor

import numpy as np
import torch

from scalestream.answers import packed
from scalestream.errors import InputError

NEIGHBOURS = 5  # from which a matched channel is drawn; more make draws differ more, fewer make them more alike


def random_channels(block: str, draw: int, selected: list[int], total: int, seed: int) -> list[int]:
    """The paper's random draw number `draw`: as many channels as are selected, out of those that are not, ascending.

    Depends on the arguments alone. Raises InputError when there are too few channels to draw from.
    """
    others = _others(block, selected, total)
    return np.sort(_generator(block, draw, seed).choice(others, size=len(selected), replace=False)).tolist()


def random_order(block: str, draw: int, total: int, seed: int) -> list[int]:
    """All of a block's channels in random order, which depends on the arguments alone."""
    return _generator(block, draw, seed, "order").permutation(total).tolist()


def matched_channels(block: str, draw: int, selected: list[int], means: list[float], seed: int) -> list[int]:
    """A random draw of not selected channels of like mean activation, ascending.

    The selected channels, in random order, each get one of the NEIGHBOURS channels not yet drawn whose means are nearest to
    theirs. means: of all the block's channels. Raises as `random_channels`.
    """
    others, rng = _others(block, selected, len(means)).tolist(), _generator(block, draw, seed, "matched")
    drawn = []
    for channel in rng.permutation(selected):
        nearest = sorted(others, key=lambda other: abs(means[other] - means[channel]))[:NEIGHBOURS]
        drawn.append(nearest[rng.integers(len(nearest))])
        others.remove(drawn[-1])
    return sorted(drawn)


def draw_channels(control: str, block: str, draw: int, selected: list[int], means: list[float], seed: int) -> list[int]:
    """Draw number `draw` of a control: "random" and "unscreened" draw the same, "matched", or "all" from all channels."""
    if control == "matched":
        return matched_channels(block, draw, selected, means, seed)
    if control == "all":
        return np.sort(_generator(block, draw, seed, "all").choice(len(means), size=len(selected), replace=False)).tolist()
    return random_channels(block, draw, selected, len(means), seed)


def _others(block: str, selected: list[int], total: int) -> np.ndarray:
    others = np.setdiff1d(np.arange(total), selected)
    if len(others) < len(selected):
        raise InputError(f"block {block}: {len(selected)} of {total} channels are selected, so as many others cannot be drawn; "
                         "take the block out of ablation.blocks")
    return others


def _generator(block: str, draw: int, seed: int, *control: str) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(block.encode()), draw, *(zlib.crc32(name.encode()) for name in control)])


def most_accepted(scale_correct: int, n_images: int, slack: float) -> int:
    """The most correct answers at no scale of a draw that harms enough: the scale condition's plus `slack` (a fraction)."""
    return scale_correct + floor(Fraction(str(slack)) * n_images)


class Tally:
    """Correct answers of several draws, each followed image by image until it has more than `most`.

    earlier: the `state` where an earlier try got to.
    """

    def __init__(self, draws: int, most: int, earlier: dict | None = None):
        self.most = most
        counts = earlier["counts"] if earlier else np.zeros((2, draws))
        self.n_correct, self.n_seen = np.array(counts, dtype=np.int64).reshape(2, draws)
        self.answers = [earlier["answers"].numpy()] if earlier else []

    @property
    def state(self) -> dict:
        """(n_correct, n_seen) by draw, and whether each image was answered correctly, as plain data."""
        return {"counts": [self.n_correct.tolist(), self.n_seen.tolist()],
                "answers": torch.from_numpy(np.concatenate(self.answers, axis=1))}

    @property
    def followed(self) -> np.ndarray:
        """Places of the draws that can still be accepted."""
        return np.flatnonzero(self.n_correct <= self.most)

    def add(self, correct: np.ndarray) -> None:
        """correct: (followed draws, N), whether the next images are answered correctly."""
        followed = self.followed
        self.answers.append(np.zeros((len(self.n_seen), correct.shape[1]), dtype=bool))
        self.answers[-1][followed] = correct
        for place, answers in zip(followed, correct, strict=True):
            counts = self.n_correct[place] + np.cumsum(answers)
            seen = min(np.searchsorted(counts, self.most + 1) + 1, len(counts))
            self.n_correct[place] = counts[seen - 1]
            self.n_seen[place] += seen

    def rows(self) -> Iterator[dict]:
        """n_correct, n_seen, and whether the draw has no more than `most`; then also which answers are correct, packed."""
        answers = np.concatenate(self.answers, axis=1)
        for draw, (n_correct, n_seen) in enumerate(zip(self.n_correct.tolist(), self.n_seen.tolist())):
            accepted = n_correct <= self.most
            yield {"n_correct": n_correct, "n_seen": n_seen, "accepted": accepted,
                   "correct": packed(answers[draw]) if accepted else None}


def screen(draws: Callable[[int], list[int]], tally: Callable[[range, list[list[int]]], Tally], first: int, wanted: int,
           limit: int) -> Iterator[dict]:
    """Screen draws first, first + 1, ... in order, until `wanted` are accepted or draw number `limit` is reached.

    draws: number -> channels. tally: numbers and their channel sets -> their tally over the images, in one pass over them. A
    pass takes as many draws as should do at the rate of acceptance so far; those past the last one wanted are not yielded.
    Yields the draw's number, its channels and its row of the tally; a draw that is not accepted counts up to the image that
    decided it.
    """
    found, begin = 0, first
    size = wanted
    while found < wanted and begin < limit:
        numbers = range(begin, min(begin + size, limit))
        sets = [draws(number) for number in numbers]
        for number, channels, row in zip(numbers, sets, tally(numbers, sets).rows(), strict=True):
            yield {"draw": number, "channels": channels, **row}
            found += row["accepted"]
            if found == wanted:
                return
        begin = numbers.stop
        size = ceil((wanted - found) * (begin - first) / found) if found else 2 * size
