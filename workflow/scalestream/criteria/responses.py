"""What a block's channels answer to each other's visualizations: for all pairs, the terms of equations 1 and 2, and Post of a
block whose branches belong to other channels."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa

STIMULI = ("x_in", "x_in_scaled", "x_pre")


class Answers(NamedTuple):
    """Center activations of In, Pre and Post, (C, C): row c has every channel's answer to the image of channel c; rewired: see
    `Responses`."""

    at_in: np.ndarray
    pre: np.ndarray
    post: np.ndarray
    rewired: np.ndarray | None = None


@dataclass(frozen=True)
class Responses:
    """The answers of a block of C channels to X_c, the visualization of In_c, to S(X_c), and to Y_c, that of Pre_c.

    Where a block's channel c has the branch of channel c', its Post is the activation of In_c + Pre_c'. x_in.rewired[c, c'] is
    that for X_c, x_pre.rewired[c', c] that for Y_c'. magnification: the factor of S.
    """

    x_in: Answers
    x_in_scaled: Answers
    x_pre: Answers
    magnification: float

    @property
    def gains(self) -> np.ndarray:
        """(C, C): by how much Pre_c' (column) answers S(X_c) (row) more than X_c, in the positive domain: Eq. 1's gain where c'
        is c."""
        return self.x_in_scaled.pre.astype(np.float64) - np.maximum(self.x_in.pre, 0)

    def of_first(self, channels: int) -> "Responses":
        """Those of the block's first channels alone, to their own images."""

        def first(answers: Answers) -> Answers:
            return Answers(*(each if each is None else each[:channels, :channels] for each in answers))

        return Responses(first(self.x_in), first(self.x_in_scaled), first(self.x_pre), self.magnification)

    def rows(self, block: str, seed: int) -> Iterator[dict]:
        """Rows of the table of responses to visualizations."""
        kinds = {"x_in": ("In", 1), "x_in_scaled": ("In", self.magnification), "x_pre": ("Pre", 1)}
        for stimulus, (source, magnification) in kinds.items():
            answers = getattr(self, stimulus)
            for channel in range(len(answers.pre)):
                yield {
                    "block": block,
                    "seed": seed,
                    "source": source,
                    "channel": channel,
                    "magnification": magnification,
                    "in": answers.at_in[channel],
                    "pre": answers.pre[channel],
                    "post": answers.post[channel],
                    "rewired": None if answers.rewired is None else answers.rewired[channel],
                }

    @classmethod
    def from_table(cls, table: pa.Table) -> "Responses":
        """From one block's table of responses to visualizations, of one seed."""
        ordered = table.sort_by([("source", "ascending"), ("magnification", "ascending"), ("channel", "ascending")])
        count = len(ordered) // len(STIMULI)
        answers = [_answers(ordered.slice(first, count)) for first in range(0, len(ordered), count)]
        return cls(*answers, ordered["magnification"][count].as_py())


def _answers(rows: pa.Table) -> Answers:
    """The answers to the images of all channels, in their order."""
    columns = (rows[name].combine_chunks() for name in ("in", "pre", "post", "rewired"))
    return Answers(*(None if each.null_count else each.flatten().to_numpy().reshape(len(rows), -1) for each in columns))
