"""The scale-lag correlogram: does Pre of a channel answer the images that its In answers, when they are larger?

By forward passes over images alone. A Pre that is its In, twice as large, correlates with it most at a lag of one octave. But
any Pre sees further than any In, and so lags behind it: what a channel's lag is held against is that of the In and Pre of
different channels which correlate, too.
"""

import logging
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import torch

from scalestream.errors import InputError
from scalestream.images.preprocessing import IMAGENET, Normalization, network_input
from scalestream.measures.agreement import known, profile, ranks
from scalestream.measures.neurons import CenterNeurons, require_finite
from scalestream.measures.peaks import peaks
from scalestream.measures.sums import IN, POST, Sums, groups_of, resamples
from scalestream.measures.thresholds import CORRELATED
from scalestream.networks.device import device
from scalestream.networks.interface import Block
from scalestream.run.checkpoint import Checkpoint

LEAST_IMAGES = 20


def summed(
    neurons: CenterNeurons,
    images: list[str],
    batches: Callable[[int], Iterable[torch.Tensor]],
    checkpoint: Checkpoint,
    normalization: Normalization = IMAGENET,
) -> Sums:
    """The sums over all images; those that an earlier try has summed are not read again.

    images: (N,) names. batches: the number of the first image -> 8-bit images (N, 3, S, S) from there on. Raises InputError
    where there are too few images, and naming the first channel and image whose activation is not finite.
    """
    if len(images) < LEAST_IMAGES:
        raise InputError(
            f"measures.lags: {len(images)} images are too few to correlate activations over; "
            f"give at least {LEAST_IMAGES}, or set it to []"
        )
    groups = torch.from_numpy(groups_of(len(images))).to(device())
    sums = Sums(neurons.octaves, neurons.block.channels, int(groups.max()) + 1, device())
    if kept := checkpoint.get("sums"):
        sums.state = {name: value.to(device()) for name, value in kept.items()}
    done = int(sums.state["images"].sum())
    for pixels in batches(done):
        activations = neurons(network_input(pixels, device(), normalization))
        require_finite(neurons.block, images[done:], activations)
        sums.add(activations, groups[done : done + len(pixels)])
        done += len(pixels)
        checkpoint.keep("sums", lambda: {name: value.cpu() for name, value in sums.state.items()})
    return sums


def lags(block: Block, sums: Sums, count: int) -> list[dict]:
    """Rows of the table of lags, one a channel; intervals are 95 % of `count` resamples of the images.

    Where In or Pre of a channel does not vary it has no correlation and nothing that follows from one.
    """
    at, weights = sums.in_octaves, resamples(count, len(sums.state["images"])).to(sums.once.device)
    pairs, matched = _numbers(sums.pairs), _numbers(sums.matched, sums.once)[0]
    best = np.where(np.isnan(pairs).any(axis=0), np.nan, pairs[at > 0].max(axis=0))
    in_row, in_column = ranks(best)
    if silent := int(np.isnan(np.diagonal(best)).sum()):
        logging.warning("%d of %d channels do not vary at In or Pre, and have no lag", silent, block.channels)
    peak, drawn_peaks = peaks(at, matched, axis=0), peaks(at, _numbers(sums.matched, weights), axis=1)
    unmatched, drawn_unmatched = unmatched_lag(sums, weights)
    columns = {
        "correlation": np.diagonal(best),
        "p_row": in_row,
        "p_column": in_column,
        "peak_lag": peak,
        **_estimate("unmatched_lag", "unmatched", np.full(block.channels, unmatched), drawn_unmatched[:, None]),
        **_estimate("excess", "excess", peak - unmatched, drawn_peaks - drawn_unmatched[:, None]),
        **_tolerance(sums, weights),
    }
    images = int(sums.state["images"].sum())
    return [
        {
            "block": block.name,
            "channel": channel,
            "octaves": at.tolist(),
            "matched": None if np.isnan(peak[channel]) else matched[:, channel].tolist(),
            **{name: known(np.broadcast_to(values, block.channels)[channel]) for name, values in columns.items()},
            "n_images": images,
        }
        for channel in range(block.channels)
    ]


def profiles(block: Block, sums: Sums) -> Iterator[dict]:
    """Rows of the table of profiles, one a lag: the mean correlation of In and Pre of a channel, against random pairings."""
    for octaves, correlations in zip(sums.in_octaves, _numbers(sums.pairs)):
        yield {"block": block.name, "octaves": octaves} | profile(correlations).columns()


def unmatched_lag(sums: Sums, weights: torch.Tensor) -> tuple[float, np.ndarray]:
    """The mean peak lag, in octaves, of the In and Pre of different channels whose largest correlation is above CORRELATED; and
    that of the same pairs in every resample (R,). NaN where there is no such pair.

    Noise moves the peaks of pairs that correlate little towards no lag, and a resample has more of it than the images; so the
    resamples are laid about the mean.
    """
    once = sums.pairs()[:, sums.paired][:, :, sums.paired]
    chosen = (once.amax(dim=0) > CORRELATED) & ~torch.eye(len(sums.paired), dtype=torch.bool, device=once.device)
    if not chosen.any():
        return np.nan, np.full(len(weights), np.nan)
    mean = float(peaks(sums.in_octaves, once[:, chosen].cpu().numpy(), axis=0).mean())
    total, count = np.zeros((2, len(weights)))
    for correlations in sums.resampled_pairs(weights, chosen):
        found = peaks(sums.in_octaves, correlations.cpu().numpy(), axis=1)
        total += np.nansum(found, axis=1)
        count += np.isfinite(found).sum(axis=1)
    drawn = total / count
    return mean, drawn + mean - drawn.mean()


def _tolerance(sums: Sums, weights: torch.Tensor) -> dict[str, np.ndarray]:
    """The columns of tolerance at an octave; without any where no two factors are an octave apart."""
    if not sums.octave:
        names = ("tolerance_in", "tolerance_post", "tolerance_gain", "tolerance_lower", "tolerance_upper")
        return dict.fromkeys(names, np.array(np.nan))
    once = {layer: _numbers(sums.tolerance, sums.once, layer)[0] for layer in (IN, POST)}
    drawn = _numbers(sums.tolerance, weights, POST) - _numbers(sums.tolerance, weights, IN)
    gain = _estimate("tolerance_gain", "tolerance", once[POST] - once[IN], drawn)
    return {"tolerance_in": once[IN], "tolerance_post": once[POST], **gain}


def _estimate(name: str, prefix: str, value: np.ndarray, drawn: np.ndarray) -> dict[str, np.ndarray]:
    """A value with its interval; a resample without a value is taken to lie beyond either end."""
    missing = np.isnan(drawn)
    lower, upper = (
        np.quantile(np.where(missing, beyond, drawn), share, axis=0, method="inverted_cdf")
        for beyond, share in ((-np.inf, 0.025), (np.inf, 0.975))
    )
    return {name: value, f"{prefix}_lower": lower, f"{prefix}_upper": upper}


def _numbers(correlations: Callable[..., torch.Tensor], *arguments) -> np.ndarray:
    return correlations(*arguments).cpu().numpy()
