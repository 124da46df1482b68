"""Correlations of a block's channels over images and magnifications, from sums, so that no image's activations are kept.

At lag k it is the correlation of In_c(S_i x) and Pre_c'(S_(i + k) x), of what In sees and what Pre sees k factors larger, over
images x and all factors i for which there is i + k. A layer's tolerance is that of L_c(S_i x) and L_c(S_(i + k) x), where k
factors are an octave.

The sums are kept by group of images, and a resample of the images is one of their groups, with replacement: weights (R, G) say
how often each of R resamples has each group. Where a channel does not vary, its correlations are NaN.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from scalestream.measures.lagging import apart, lags

IN, PRE, POST = range(3)
GROUPS = 50
PAIRED = 256  # channels at most whose unmatched pairs are resampled
HELD = 2**20  # resampled correlations of pairs at a time, by lag
ROUNDING = 1e-6  # of an activation; a channel that varies by less does not vary


def groups_of(count: int) -> np.ndarray:
    """(count,): the group of each image, of GROUPS, or of as many as give two images to each; by its number alone."""
    groups = min(GROUPS, count // 2)
    rounds = np.tile(np.arange(groups), (-(-count // groups), 1))
    return np.random.default_rng(0).permuted(rounds, axis=1).ravel()[:count]


def resamples(count: int, groups: int) -> torch.Tensor:
    """Weights (count, groups) of resamples."""
    return torch.from_numpy(np.random.default_rng(0).multinomial(groups, [1 / groups] * groups, size=count).astype(float))


class Sums:
    """The sums of a block's `channels` at magnifications by `octaves`, which are evenly spaced from 0.

    lags: those with at least two pairs of factors, counted in factors; in_octaves: the same in octaves. octave: how many
    factors are one; None where none are. paired: the channels whose unmatched pairs are resampled, PAIRED at most, so that what
    is held does not grow with more.
    """

    def __init__(self, octaves: Sequence[float], channels: int, groups: int, device: torch.device | str = "cpu"):
        factors = len(octaves)
        self.factors, self.lags = factors, lags(factors)
        self.in_octaves = np.array(self.lags) * octaves[1]
        self.octave = next((step for step in range(1, factors) if np.isclose(octaves[step], 1)), None)
        self.paired = torch.arange(0, channels, -(-channels // PAIRED), device=device)
        shapes = {
            "shift": (3, channels),
            "images": (groups,),
            "sums": (groups, 3, factors, channels),
            "squares": (groups, 3, factors, channels),
            "octave_apart": (groups, 3, channels),
            "matched": (len(self.lags), groups, channels),
            "pairs": (len(self.lags), channels, channels),
            "paired": (len(self.lags), groups, len(self.paired), len(self.paired)),
        }
        self.state = {name: torch.zeros(shape, dtype=torch.float64, device=device) for name, shape in shapes.items()}

    def add(self, activations: torch.Tensor, groups: torch.Tensor) -> None:
        """activations: (3, N, F, C) of In, Pre and Post. groups: (N,), of the images."""
        held, values = self.state, activations.double()
        if not held["images"].any():
            held["shift"] = values[:, 0, 0].clone()  # near the means, and exact where a channel is constant
        values = values - held["shift"][:, None, None]
        member = torch.nn.functional.one_hot(groups, len(held["images"])).double().T
        held["images"] += member.sum(dim=1)
        held["sums"] += torch.einsum("gn,lnfc->glfc", member, values)
        held["squares"] += torch.einsum("gn,lnfc->glfc", member, values.square())
        if self.octave:
            products = values[:, :, : -self.octave] * values[:, :, self.octave :]
            held["octave_apart"] += torch.einsum("gn,lnfc->glc", member, products)
        present = groups.unique()
        for position, lag in enumerate(self.lags):
            at_in, at_pre = apart(lag, self.factors)
            of_in, of_pre = values[IN, :, at_in], values[PRE, :, at_pre]
            held["matched"][position] += member @ (of_in * of_pre).sum(dim=1)
            held["pairs"][position] += of_in.flatten(0, 1).T @ of_pre.flatten(0, 1)
            of_in, of_pre = of_in[..., self.paired], of_pre[..., self.paired]
            for group in present:
                own = groups == group
                held["paired"][position, group].addmm_(of_in[own].flatten(0, 1).T, of_pre[own].flatten(0, 1))

    def pairs(self) -> torch.Tensor:
        """(K, C, C): by lag, of the In of every channel and the Pre of every channel, over all images."""
        found = []
        for lag, products in zip(self.lags, self.state["pairs"]):
            of_in, of_pre, count = self._compared(self.once, lag, IN, PRE)
            found.append(_correlation(products / count, [moment.T for moment in of_in], of_pre))
        return torch.stack(found)

    def resampled_pairs(self, weights: torch.Tensor, chosen: torch.Tensor) -> Iterator[torch.Tensor]:
        """Parts of (R, K, P): as `pairs`, of the chosen pairs of paired channels (M, M), some of the pairs at a time."""
        compared = [self._compared(weights, lag, IN, PRE, self.paired) for lag in self.lags]
        for rows, columns in (part.T for part in chosen.nonzero().split(max(1, HELD // len(weights)))):
            found = []
            for products, (of_in, of_pre, count) in zip(self.state["paired"], compared):
                means = weights @ products[:, rows, columns] / count
                found.append(_correlation(means, [each[:, rows] for each in of_in], [each[:, columns] for each in of_pre]))
            yield torch.stack(found, dim=1)

    def matched(self, weights: torch.Tensor) -> torch.Tensor:
        """(R, K, C): by lag, of In and Pre of every channel."""
        products = zip(self.lags, self.state["matched"])
        return torch.stack([self._of_channels(weights, lag, weights @ own, IN, PRE) for lag, own in products], dim=1)

    def tolerance(self, weights: torch.Tensor, layer: int) -> torch.Tensor:
        """(R, C): of a layer, at an octave."""
        products = weights @ self.state["octave_apart"][:, layer]
        return self._of_channels(weights, self.octave, products, layer, layer)

    @property
    def once(self) -> torch.Tensor:
        """Weights (1, G) of the images as they are."""
        return torch.ones_like(self.state["images"])[None]

    def _of_channels(self, weights: torch.Tensor, lag: int, products: torch.Tensor, one: int, other: int) -> torch.Tensor:
        """(R, C): correlations of two layers, given the sums of their products."""
        of_one, of_other, count = self._compared(weights, lag, one, other)
        return _correlation(products / count, of_one, of_other)

    def _compared(
        self, weights: torch.Tensor, lag: int, one: int, other: int, channels: torch.Tensor | slice = slice(None)
    ) -> tuple:
        """Means and deviations (R, C) of one layer and, a lag further on, of the other; and of how many activations (R, 1)."""
        at_one, at_other = apart(lag, self.factors)
        count = (weights @ self.state["images"])[:, None] * (at_one.stop - at_one.start)
        moments = (self._moments(weights, count, *which, channels) for which in ((one, at_one), (other, at_other)))
        return *moments, count

    def _moments(
        self, weights: torch.Tensor, count: torch.Tensor, layer: int, at: slice, channels: torch.Tensor | slice
    ) -> tuple[torch.Tensor, torch.Tensor]:
        mean, square = (
            weights @ self.state[name][:, layer, at].sum(dim=1)[:, channels] / count for name in ("sums", "squares")
        )
        variance = square - mean.square()
        varies = variance > (ROUNDING * self.state["shift"][layer, channels]).square()
        return mean, torch.where(varies, variance, torch.nan).sqrt()


def _correlation(products: torch.Tensor, of_one: Sequence[torch.Tensor], of_other: Sequence[torch.Tensor]) -> torch.Tensor:
    """Correlations from the means of products, and means and deviations."""
    (mean, deviation), (other_mean, other_deviation) = of_one, of_other
    return (products - mean * other_mean) / (deviation * other_deviation)
