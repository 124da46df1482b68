"""What a latent of a crosscoder says of scale: is it one direction of the stream, that Pre carries at larger magnifications?"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from scalestream.crosscoder.profiles import LEVEL, in_octaves
from scalestream.measures.lagging import apart, lags
from scalestream.measures.sums import ROUNDING

SHIFTED = 0.25  # octaves above which a latent is larger at Pre
RECURS = 0.8  # cosine of a latent with its match in another seed, above which it is the same
DRAWS = 1000  # permutations of Pre's channels


@dataclass(frozen=True)
class Lagged:
    """Of latents (K,): the lag in octaves at which In and Pre are most alike, and the cosine of both there (direction), all
    magnifications together; `null`, what 95 % of permutations of Pre's channels stay below, the lag chosen anew in each, and p.
    NaN where In or Pre is nothing there."""

    lag: np.ndarray
    direction: np.ndarray
    null: np.ndarray
    p: np.ndarray


def shifts(parts: np.ndarray, octaves: np.ndarray) -> np.ndarray:
    """Octaves (K,) by which the centroid of a latent's energy over magnifications lies higher at Pre than at In.

    parts: (K, 2, factors, C). NaN where one site has none.
    """
    energy = (parts.astype(float) ** 2).sum(axis=-1)
    total = energy.sum(axis=-1)
    centroids = np.divide(energy @ np.asarray(octaves), total, out=np.full(total.shape, np.nan), where=total > 0)
    return centroids[:, 1] - centroids[:, 0]


def lagged(parts: np.ndarray, octaves: np.ndarray, moved: np.ndarray, draws: int = DRAWS) -> Lagged:
    """parts: (K, 2, factors, C). octaves: of the magnifications, evenly spaced. moved: (C,), the channels that are permuted,
    those that vary at In and at Pre: that Pre stays out of the others is no sign of a shared direction."""
    count, _, factors, channels = parts.shape
    of_in, of_pre = np.moveaxis(parts.astype(float), 1, 0)
    pairs = [apart(lag, factors) for lag in lags(factors)]
    norms = np.array(
        [np.sqrt((of_in[:, one] ** 2).sum(axis=(1, 2)) * (of_pre[:, other] ** 2).sum(axis=(1, 2))) for one, other in pairs]
    )
    permutations = np.tile(np.arange(channels), (draws + 1, 1))
    permutations[1:, moved] = np.random.default_rng(0).permuted(permutations[1:, moved], axis=1)
    at, found = in_octaves(octaves), np.full((4, count), np.nan)
    for latent in range(count):
        products = np.array([of_in[latent, one].T @ of_pre[latent, other] for one, other in pairs])
        is_there = norms[:, latent] > 0
        if not is_there.any():
            continue
        sums = np.where(is_there[:, None], products[:, np.arange(channels), permutations].sum(axis=-1), -np.inf)
        best = sums.argmax(axis=0)
        cosines = sums[best, np.arange(draws + 1)] / norms[best, latent]
        p = (1 + (cosines[1:] >= cosines[0]).sum()) / (1 + draws)
        found[:, latent] = at[best[0]], cosines[0], np.quantile(cosines[1:], LEVEL), p
    return Lagged(*found)


def directions(parts: np.ndarray, lag: np.ndarray, octaves: np.ndarray) -> np.ndarray:
    """The one direction of the stream that stands best for a latent at its lag, of unit length: (K, C).

    It is that of the sum over magnifications of In's parts and, the lag further on, Pre's. NaN without a lag.
    """
    factors = parts.shape[2]
    steps = in_octaves(octaves)
    found = np.full((len(parts), parts.shape[-1]), np.nan)
    for step, octave in zip(lags(factors), steps):
        one, other = apart(step, factors)
        chosen = np.isclose(lag, octave)
        summed = parts[chosen, 0, one].sum(axis=1) + parts[chosen, 1, other].sum(axis=1)
        found[chosen] = summed / np.linalg.norm(summed, axis=1, keepdims=True)
    return found


def correlations(activations: np.ndarray, onto: np.ndarray) -> np.ndarray:
    """The scale-lag correlogram of directions of the stream, the largest value at a lag above zero: (K,).

    activations: (N, 2, factors, C). onto: (K, C); of the channels themselves, the identity. NaN where one does not vary.
    """
    factors = activations.shape[2]
    of_in, of_pre = np.moveaxis(activations @ onto.T.astype(activations.dtype), 1, 0)
    best = np.full(len(onto), -np.inf)
    for lag in (lag for lag in lags(factors) if lag > 0):
        one, other = apart(lag, factors)
        pair = [part.reshape(-1, len(onto)).astype(float) for part in (of_in[:, one], of_pre[:, other])]
        ours, theirs = (part - part.mean(axis=0) for part in pair)
        deviations = np.sqrt((ours**2).sum(axis=0) * (theirs**2).sum(axis=0))
        both_vary = varies(pair[0]) & varies(pair[1])
        found = np.divide((ours * theirs).sum(axis=0), deviations, out=np.full(len(onto), np.nan), where=both_vary)
        best = np.maximum(best, found)
    return best


def varies(values: np.ndarray) -> np.ndarray:
    """Which columns of (N, ...) vary by more than rounding."""
    return values.std(axis=0, dtype=float) > ROUNDING * np.abs(values).max(axis=0)


def invariance(parts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of latents' parts at one site (K, factors, C): the mean cosine of those at two magnifications, over all pairs of these,
    and the coefficient of variation of their norms, (K,) each; NaN where one is nothing."""
    norms = np.linalg.norm(parts, axis=-1)
    units = np.divide(parts, norms[..., None], out=np.full(parts.shape, np.nan), where=norms[..., None] > 0)
    one, other = np.triu_indices(parts.shape[1], 1)
    cosines = (units[:, one] * units[:, other]).sum(axis=-1).mean(axis=-1)
    mean = norms.mean(axis=-1)
    return cosines, np.divide(norms.std(axis=-1), mean, out=np.full(mean.shape, np.nan), where=mean > 0)


def of_post(parts: np.ndarray, typical: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """What latents add to Post when they have a typical code, beside the mean activations: (K, factors, C).

    parts: (K, 2, factors, C). typical: (K,), codes. mean: (2, factors, C), of activations.
    """
    without = mean.sum(axis=0)
    with_latent = without + parts.sum(axis=1) * typical[:, None, None]
    return np.maximum(with_latent, 0) - np.maximum(without, 0)


def matches(dictionary: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Cosines (K,) of dictionary vectors with those of another seed that they are matched to, one to one, so that the sum is
    largest. dictionary, other: (K, D), of unit length."""
    cosines = dictionary @ other.T
    ours, theirs = linear_sum_assignment(cosines, maximize=True)
    return cosines[ours, theirs]


def mean_largest(dictionary: np.ndarray, other: np.ndarray) -> float:
    """The mean over dictionary vectors of the largest cosine with one of another seed, and the same the other way round."""
    cosines = dictionary @ other.T
    return float((cosines.max(axis=0).mean() + cosines.max(axis=1).mean()) / 2)
