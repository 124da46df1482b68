"""How many channels would pass if In were added to another channel's Pre: the null of equations 1 and 2."""

import zlib
from typing import NamedTuple

import numpy as np

from scalestream.criteria.responses import Responses

CHUNK = 2**21  # channels of assignments that are held at a time


class Passes(NamedTuple):
    """Whether Eq. 1, Eq. 2 and both hold, (C, C): [c, c'] of channel c with the branch of channel c'."""

    gain: np.ndarray
    ratio: np.ndarray
    both: np.ndarray


def passes(responses: Responses, tolerance: float) -> Passes:
    """Equations 1 and 2 for every channel with every branch; for a channel with its own, as `equations.judge`.

    Eq. 1 asks Pre_c' of X_c and S(X_c). Eq. 2 asks Post, the activation of In_c + Pre_c', of X_c and Y_c'.
    """
    gain = responses.gains > 0
    post_in, post_pre = responses.x_in.rewired.astype(np.float64), responses.x_pre.rewired.T
    ratios = np.divide(post_in, post_pre, out=np.zeros_like(post_in), where=(post_in > 0) & (post_pre > 0))
    ratio = (1 / tolerance < ratios) & (ratios < tolerance)
    return Passes(gain, ratio, gain & ratio)


def null(block: str, seed: int, passing: Passes, rewirings: int) -> dict:
    """The row of the table of the null.

    An assignment gives every channel the branch of a random one, each branch once: a uniformly random permutation of the
    branches, in which some may stay where they are. Over all assignments the mean count is the sum over pairs / C, exactly. p:
    that of a count at least as large as the block's, the block itself among the assignments. rewirings: assignments for p and
    for the interval, which holds 95 % of their counts; they depend on block and seed alone.
    """
    matched = [int(np.trace(pairs)) for pairs in passing]
    expected = [float(pairs.sum() / len(pairs)) for pairs in passing]
    chance = by_chance(passing.both, rewirings, np.random.default_rng([seed, zlib.crc32(block.encode())]))
    return {
        "block": block,
        "seed": seed,
        "n_channels": len(passing.both),
        "gain_passing": matched[0],
        "gain_expected": expected[0],
        "ratio_passing": matched[1],
        "ratio_expected": expected[1],
        "passing": matched[2],
        "expected": expected[2],
        "excess": matched[2] - expected[2],
    } | chance


def by_chance(passes: np.ndarray, rewirings: int, rng: np.random.Generator) -> dict[str, float]:
    """The interval, lower to upper, that holds 95 % of the counts of so many assignments, and p of a count at least as large as
    that of the pairs on the diagonal, these among the assignments."""
    counts = rewired_counts(passes, rewirings, rng)
    lower, upper = np.percentile(counts, [2.5, 97.5]).tolist()
    return {"lower": lower, "upper": upper, "p": float((1 + np.sum(counts >= np.trace(passes))) / (1 + rewirings))}


def rewired_counts(passes: np.ndarray, rewirings: int, rng: np.random.Generator) -> np.ndarray:
    """(rewirings,): how many channels pass in each assignment of branches to channels."""
    channels, counts = np.arange(len(passes)), []
    for first in range(0, rewirings, size := max(1, CHUNK // len(passes))):
        branches = np.tile(channels, (min(size, rewirings - first), 1))
        counts.append(passes[channels, rng.permuted(branches, axis=1)].sum(axis=1))
    return np.concatenate(counts)
