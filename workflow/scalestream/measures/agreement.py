"""Whether In and Pre of a channel agree better than those of different channels, from the scores of all pairs.

Scores (C, C): a row for the In of every channel, a column for every Pre, the matched pairs on the diagonal. A channel whose
scores are NaN all along its row or its column, as it never varies or has no gradient, is left out before anything else is done.
"""

from dataclasses import asdict, dataclass

import numpy as np

DRAWS = 10_000
ROUNDING = 1e-9  # of the largest score: means of the same numbers differ by the order that they are summed in


@dataclass(frozen=True)
class Profile:
    """The mean score of matched pairs, that of unmatched ones, and how the first compares with random pairings of the channels.

    z: its distance from the mean over the pairings in their standard deviations. p: (1 + pairings that reach it) /
    (1 + pairings). NaN: the means where there is no such pair, z and p where all pairings have the same mean.
    """

    n_channels: int
    matched: float
    unmatched: float
    z: float
    p: float

    def columns(self) -> dict[str, float | int | None]:
        """As columns of a table, which have no value in place of NaN."""
        return {name: known(value) for name, value in asdict(self).items()}


def known(value: float) -> float | int | None:
    """A number as a table has it: plain, and none in place of one that is not finite."""
    return None if not np.isfinite(value) else value.item() if isinstance(value, np.generic) else value


def scored(scores: np.ndarray) -> np.ndarray:
    """(C,): which channels are not left out; of several matrices (..., C, C), in none of them."""
    missing = np.isnan(scores)
    empty = missing.all(axis=-1) | missing.all(axis=-2)
    return ~empty.any(axis=tuple(range(empty.ndim - 1)))


def ranks(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """p of every channel's matched score in its row, and in its column, (C,) each: the share of scores there that reach it.

    It reaches itself, so that the least p is 1 / C. NaN for a channel that is left out.
    """
    keep, kept = _kept(scores)
    in_row, in_column = np.full((2, len(scores)), np.nan)
    if kept.size:
        matched = np.diagonal(kept)
        in_row[keep] = (kept >= matched[:, None]).mean(axis=1)
        in_column[keep] = (kept >= matched).mean(axis=0)
    return in_row, in_column


def profile(scores: np.ndarray, draws: int = DRAWS) -> Profile:
    """The matched pairs of a block together, against `draws` random pairings of its channels."""
    _, kept = _kept(scores)
    count = len(kept)
    if not count:
        return Profile(0, *[float("nan")] * 4)
    matched, channels = float(np.diagonal(kept).mean()), np.arange(count)
    unmatched = (kept.mean() * count - matched) / (count - 1) if count > 1 else float("nan")
    pairings = np.random.default_rng(0).permuted(np.tile(channels, (draws, 1)), axis=1)
    means = kept[channels, pairings].mean(axis=1)
    rounding = ROUNDING * np.abs(kept).max()
    if np.ptp(means) <= rounding:
        return Profile(count, matched, float(unmatched), float("nan"), float("nan"))
    p = (1 + (means >= matched - rounding).sum()) / (1 + draws)
    return Profile(count, matched, float(unmatched), float((matched - means.mean()) / means.std()), float(p))


def _kept(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which channels are not left out (C,), and the scores of these."""
    keep = scored(scores)
    return keep, scores[np.ix_(keep, keep)]
