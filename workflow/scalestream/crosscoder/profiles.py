"""By how many octaves Pre lags behind In: of parts of dictionary vectors, by lag."""

from collections.abc import Iterable, Sequence

import numpy as np

from scalestream.measures.agreement import known, ranks
from scalestream.measures.lagging import apart, lags
from scalestream.measures.peaks import peaks

LEVEL = 0.95  # of a null


def in_octaves(octaves: Sequence[float]) -> np.ndarray:
    """The lags in octaves; octaves: of the magnifications, evenly spaced."""
    return np.array(lags(len(octaves))) * (octaves[1] - octaves[0])


def channel_profiles(parts: np.ndarray, power: np.ndarray) -> np.ndarray:
    """How alike In of every channel and Pre of every channel are in a dictionary, by lag: (lags, C, C), from -1 to 1.

    It is the sum over latents k and magnifications s of power_k In_k(s)[c] Pre_k(s + lag)[c'], divided by the root of the
    product of both sums of squares; NaN where one of these is zero. It does not ask how features share the channels, nor how
    the dictionary splits a feature.

    parts: (K, 2, factors, C) in units of activations. power: (K,), mean squares of the codes.
    """
    of_in, of_pre = np.moveaxis(parts * np.sqrt(power)[:, None, None, None], 1, 0)
    found = []
    for lag in lags(parts.shape[2]):
        at_in, at_pre = apart(lag, parts.shape[2])
        ours, theirs = (part.reshape(-1, part.shape[-1]) for part in (of_in[:, at_in], of_pre[:, at_pre]))
        squares = np.outer((ours**2).sum(axis=0), (theirs**2).sum(axis=0))
        found.append(np.divide(ours.T @ theirs, np.sqrt(squares), out=np.full(squares.shape, np.nan), where=squares > 0))
    return np.array(found)


def rows(profiles: np.ndarray, octaves: Sequence[float]) -> Iterable[dict]:
    """Columns of the table of profiles, one row a channel: its profile (matched) and the lag of its peak; its largest value at
    any lag (score), beside what 95 % of the other channels' In reach with its Pre (null), and the share that reaches it, itself
    among them. None where In or Pre is nothing in every latent.

    profiles: (lags, C, C), as `channel_profiles` gives them. octaves: of the magnifications.
    """
    at, matched, best = in_octaves(octaves), np.diagonal(profiles, axis1=1, axis2=2), profiles.max(axis=0)
    peak, (_, p) = peaks(at, matched, axis=0), ranks(best)
    for channel, of_channel in enumerate(matched.T):
        others = np.delete(best[:, channel], channel)
        others = others[np.isfinite(others)]
        is_known = bool(np.isfinite(of_channel).all())
        yield {
            "channel": channel,
            "octaves": at.tolist(),
            "matched": of_channel.tolist() if is_known else None,
            "peak_lag": known(peak[channel]),
            "score": known(best[channel, channel]),
            "null": float(np.quantile(others, LEVEL)) if is_known and len(others) else None,
            "p_column": known(p[channel]),
        }
