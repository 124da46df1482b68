"""What the crosscoders of a block show: rows of the tables of latents, of profiles, and of the summary."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from scalestream.crosscoder import latents as measures
from scalestream.crosscoder import profiles
from scalestream.crosscoder.dictionary import Crosscoder
from scalestream.crosscoder.samples import Samples
from scalestream.crosscoder.training import DENSE, evaluate
from scalestream.measures.agreement import known
from scalestream.study.intervals import wilson

JUDGED = 4096  # held-out samples at most that correlations are taken over


@dataclass(frozen=True)
class Codes:
    """Of each latent (K,), over the held-out samples: the share in which it fires, the mean square of its codes (power), and
    the mean of those that fire (typical), zero where none does."""

    firing: np.ndarray
    power: np.ndarray
    typical: np.ndarray

    @classmethod
    def of(cls, crosscoder: Crosscoder, samples: Samples) -> "Codes":
        """Those of the held-out samples."""
        fires, square, total, count = 0, 0, 0, len(samples.held_out)
        for part in samples.parts(samples.held_out):
            codes = crosscoder.encode(crosscoder.scaled(part)).double()
            fires, total = fires + (codes > 0).sum(dim=0), total + codes.sum(dim=0)
            square = square + codes.square().sum(dim=0)
        return cls(*(each.numpy() for each in (fires / count, square / count, total / fires.clamp_min(1))))


@dataclass(frozen=True)
class Judged:
    """The latents of one crosscoder. columns: of the table of latents, an array each. channels, components, chance: the largest
    correlation of In and Pre at a lag above zero of a single channel, of a principal component of In and Pre, and of as many
    random directions as there are latents."""

    columns: dict[str, np.ndarray]
    channels: float
    components: float
    chance: float

    @property
    def live(self) -> np.ndarray:
        """Which latents ever fire."""
        return self.columns["firing"] > 0

    @property
    def found(self) -> np.ndarray:
        """Which live latents are larger at Pre, in a direction that In and Pre share."""
        larger, alike = self.columns["shift"] > measures.SHIFTED, self.columns["direction"] > self.columns["null"]
        return self.live & larger & alike

    def rows(self) -> list[dict]:
        """Of the table of latents."""
        return [
            {"latent": latent, "found": bool(is_found)}
            | {name: _plain(values[latent]) for name, values in self.columns.items()}
            for latent, is_found in enumerate(self.found)
        ]


def judge(crosscoder: Crosscoder, samples: Samples, octaves: Sequence[float], others: Sequence[Crosscoder]) -> Judged:
    """octaves: of the magnifications. others: trained with other seeds; without any, no latent has a match."""
    parts, codes = crosscoder.parts.numpy(), Codes.of(crosscoder, samples)
    # Drawn, as a stride could leave out a crop of every image.
    judged = np.sort(np.random.default_rng(0).permutation(samples.held_out)[:JUDGED])
    activations = samples.take(judged).numpy()
    lagged = measures.lagged(parts, octaves, measures.varies(activations).any(axis=1).all(axis=0))
    directions = measures.directions(parts, lagged.lag, octaves)
    alike_in, varies_in = measures.invariance(parts[:, 0])
    alike_post, varies_post = measures.invariance(measures.of_post(parts, codes.typical, crosscoder.mean.numpy()))
    norms = np.linalg.norm(parts, axis=-1)
    at_random = np.random.default_rng(0).standard_normal(directions.shape)
    correlate = lambda onto: measures.correlations(activations, onto)
    own = [flat(crosscoder), *map(flat, others)]
    columns = {
        "firing": codes.firing,
        "power": codes.power,
        "norms_in": norms[:, 0],
        "norms_pre": norms[:, 1],
        "shift": measures.shifts(parts, octaves),
        **vars(lagged),
        "invariance_in": alike_in,
        "invariance_post": alike_post,
        "variation_in": varies_in,
        "variation_post": varies_post,
        "match": np.min([measures.matches(own[0], other) for other in own[1:]] or [np.full(len(parts), np.nan)], axis=0),
        "correlation": correlate(directions),
        "along": directions,
    }
    channels, components, chance = (
        float(np.nanmax(correlate(onto), initial=-1))
        for onto in (np.eye(directions.shape[1]), principal_components(activations), at_random)
    )
    return Judged(columns, channels, components, chance)


def flat(crosscoder: Crosscoder) -> np.ndarray:
    """The dictionary (K, D), of unit length."""
    return crosscoder.decoder.detach().flatten(1).numpy()


def principal_components(activations: np.ndarray) -> np.ndarray:
    """Those of the stream, over the samples, sites and magnifications: (C, C), a row each."""
    centred = (activations - activations.mean(axis=0)).reshape(-1, activations.shape[-1])
    return np.linalg.svd(centred.T @ centred)[2]


def summary(judged: Judged, crosscoder: Crosscoder, samples: Samples, others: Sequence[Crosscoder]) -> dict:
    """Columns of the table of the summary, but for those over several seeds; arguments as for `judge`."""
    live, found = int(judged.live.sum()), int(judged.found.sum())
    lower, upper = wilson(found, live) if live else (None, None)
    correlation, match = judged.columns["correlation"], judged.columns["match"]
    agreement = [measures.mean_largest(flat(crosscoder), flat(other)) for other in others]
    evaluated, best = evaluate(crosscoder, samples), (judged.channels, judged.components, judged.chance)
    return {
        "n_latents": len(judged.live),
        "n_live": live,
        "n_dense": int((judged.columns["firing"] > DENSE).sum()),
        "l0": evaluated["l0"],
        "explained": evaluated["explained"],
        "explained_components": explained_by_components(crosscoder, samples),
        "n_found": found,
        "share": found / live if live else None,
        "lower": lower,
        "upper": upper,
        "mmcs": float(np.mean(agreement)) if others else None,
        "match": float(match.mean()) if others else None,
        "n_recurring": int((judged.live & (match > measures.RECURS)).sum()) if others else None,
        "n_recurring_found": int((judged.found & (match > measures.RECURS)).sum()) if others else None,
        **dict(zip(("channels", "components", "chance"), map(known, best))),
        "n_beyond_channels": int((judged.found & (correlation > judged.channels)).sum()),
        "n_beyond_all": int((judged.found & (correlation > max(best))).sum()),
    }


def with_means(rows: Sequence[dict]) -> list[dict]:
    """Rows of the table of the summary, with the mean share over the seeds."""
    means = {}
    for is_shuffled in {row["shuffled"] for row in rows}:
        shares = [row["share"] for row in rows if row["shuffled"] == is_shuffled and row["share"] is not None]
        means[is_shuffled] = float(np.mean(shares)) if shares else None
    return [row | {"mean_share": means[row["shuffled"]]} for row in rows]


def explained_by_components(crosscoder: Crosscoder, samples: Samples) -> float:
    """The explained variance of as many principal components of the training samples as a sample has codes, of the held-out
    ones."""
    products = 0
    for part in samples.parts(samples.training):
        flat = crosscoder.scaled(part).flatten(1).double()
        products = products + flat.T @ flat
    components = torch.linalg.eigh(products).eigenvectors[:, -crosscoder.k :]
    left, total, sums, count = 0.0, 0.0, 0, len(samples.held_out)
    for part in samples.parts(samples.held_out):
        flat = crosscoder.scaled(part).flatten(1).double()
        left += float((flat - flat @ components @ components.T).square().sum())
        total, sums = total + float(flat.square().sum()), sums + flat.sum(dim=0)
    return 1 - left / (total - float(sums.square().sum()) / count)


def channel_rows(judged: Judged, crosscoder: Crosscoder, octaves: Sequence[float]) -> list[dict]:
    """Columns of the table of profiles; arguments as for `judge`."""
    found = profiles.channel_profiles(crosscoder.parts.double().numpy(), judged.columns["power"])
    return list(profiles.rows(found, octaves))


def _plain(value):
    if isinstance(value, np.ndarray):
        return value.tolist() if np.isfinite(value).all() else None
    return known(value)
