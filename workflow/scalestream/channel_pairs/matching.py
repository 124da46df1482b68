"""Which channel of a later layer answers a channel's magnified image, and whether the pair is more than chance.

The match of channel c is found by X_c, the visualization of c. It is judged by another image, Y_d, that of the match d: is c
the channel that answers Y_d when it is shrunk?
"""

import zlib
from typing import NamedTuple

import numpy as np

from scalestream.criteria.rewiring import by_chance

LEVEL = 0.05  # p up to which a pair counts as more than chance


class Matches(NamedTuple):
    """For n channels of the earlier layer, the channel of the later one that is each one's match, (n,), with its score; -1
    where there is none, as no channel answers the magnified image more than the image."""

    channel: np.ndarray
    score: np.ndarray


def best_matches(gains: np.ndarray) -> Matches:
    """The match of each channel: of the later channels with a gain above zero, the one whose gain is most its own.

    gains (n, C2): of every later channel, by X_c. score: the gain in standard deviations of the later channel's gains by all n
    images, from their mean, so that channels compare whatever their units and however much they like all that is large.
    """
    spread = gains.std(axis=0)
    scores = np.divide(gains - gains.mean(axis=0), spread, out=np.full(gains.shape, -np.inf), where=spread > 0)
    scores[gains <= 0] = -np.inf
    best = scores.argmax(axis=1)
    score = scores[np.arange(len(scores)), best]
    return Matches(np.where(np.isfinite(score), best, -1), score)


def ranks(returns: np.ndarray) -> np.ndarray:
    """(m, n) -> (m, n): the rank of each of n channels in its row, 1 being the highest; equal values have the lowest of theirs.

    returns: by how much each channel answers a match's image more when it is shrunk, as a share of its own peak. If which
    channel a row belongs to were random, its rank would be uniform on 1 to n.
    """
    ordered = np.sort(-returns, axis=1)
    found = [np.searchsorted(row, values, side="right") for row, values in zip(ordered, -returns)]
    return np.array(found, dtype=int).reshape(returns.shape)


def count(ranks: np.ndarray, own: np.ndarray, pair: str, rewirings: int) -> dict:
    """How many matched channels have a rank within LEVEL of all, and how many would if each had the match of a random one.

    ranks (m, n): of all n channels in the rows of m matched ones. own (m,): which of the n the row's channel is. expected is
    the mean over all assignments of matches to matched channels, exactly; lower and upper hold 95 % of the counts of
    `rewirings` of them, which depend on the pair's name alone; p is that of a count at least as large, the observed one among
    them.
    """
    total, n = ranks.shape
    if not total:
        return {"matched": 0, "expected": 0.0, "lower": 0.0, "upper": 0.0, "p": 1.0}
    within = ranks[:, own] <= LEVEL * n
    chance = by_chance(within, rewirings, np.random.default_rng(zlib.crc32(pair.encode())))
    return {"matched": int(np.trace(within)), "expected": float(within.sum() / total)} | chance
