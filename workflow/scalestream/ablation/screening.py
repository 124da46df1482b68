"""Screening of random draws by the damage that they do at no scale, as far as it must be known (paper, section 4)."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from math import ceil, floor

import numpy as np
import torch

from scalestream.ablation.correctness import packed


def most_accepted(scale_correct: int, n_images: int, slack: float) -> int:
    """The most correct answers at no scale of a draw that harms enough: the scale condition's plus `slack` (a fraction)."""
    return scale_correct + floor(Fraction(str(slack)) * n_images)


class SequentialScreening:
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
        return {
            "counts": [self.n_correct.tolist(), self.n_seen.tolist()],
            "answers": torch.from_numpy(np.concatenate(self.answers, axis=1)),
        }

    @property
    def followed(self) -> np.ndarray:
        """Which draws can still be accepted."""
        return np.flatnonzero(self.n_correct <= self.most)

    def add(self, correct: np.ndarray) -> None:
        """correct: (followed draws, N), whether the next images are answered correctly."""
        followed = self.followed
        self.answers.append(np.zeros((len(self.n_seen), correct.shape[1]), dtype=bool))
        self.answers[-1][followed] = correct
        for draw, answers in zip(followed, correct, strict=True):
            counts = self.n_correct[draw] + np.cumsum(answers)
            seen = min(np.searchsorted(counts, self.most + 1) + 1, len(counts))
            self.n_correct[draw] = counts[seen - 1]
            self.n_seen[draw] += seen

    def rows(self) -> Iterator[dict]:
        """n_correct, n_seen, and whether the draw has no more than `most`; then also which answers are correct, packed."""
        answers = np.concatenate(self.answers, axis=1)
        for draw, (n_correct, n_seen) in enumerate(zip(self.n_correct.tolist(), self.n_seen.tolist())):
            accepted = n_correct <= self.most
            yield {
                "n_correct": n_correct,
                "n_seen": n_seen,
                "accepted": accepted,
                "correct": packed(answers[draw]) if accepted else None,
            }


def screen(
    draws: Callable[[int], list[int]],
    screening: Callable[[list[list[int]]], SequentialScreening],
    first: int,
    wanted: int,
    limit: int,
) -> Iterator[dict]:
    """Screen draws first, first + 1, ... in order, until `wanted` are accepted or draw number `limit` is reached.

    draws: number -> channels. screening: channel sets -> their screening over the images, in one pass over them. A pass takes
    as many draws as should do at the rate of acceptance so far; those past the last one wanted are not yielded. Yields the
    draw's number, its channels and its row of the screening; a draw that is not accepted counts up to the image that decided
    it.
    """
    n_accepted, begin = 0, first
    size = wanted
    while n_accepted < wanted and begin < limit:
        numbers = range(begin, min(begin + size, limit))
        channel_sets = [draws(number) for number in numbers]
        for number, channels, row in zip(numbers, channel_sets, screening(channel_sets).rows(), strict=True):
            yield {"draw": number, "channels": channels, **row}
            n_accepted += row["accepted"]
            if n_accepted == wanted:
                return
        begin = numbers.stop
        size = ceil((wanted - n_accepted) * (begin - first) / n_accepted) if n_accepted else 2 * size
