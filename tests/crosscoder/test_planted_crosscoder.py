"""Crosscoders of networks whose truth is known: planted features, in channels and in superposition, and random weights."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from conftest import blocks_of
from scalestream.crosscoder.analysis import channel_rows, judge, summary
from scalestream.crosscoder.dictionary import ENCODERS
from scalestream.crosscoder.recovery import recovered, stream_directions
from scalestream.crosscoder.samples import Samples
from scalestream.crosscoder.training import Plan, train
from scalestream.measures.neurons import CenterNeurons
from scalestream.networks.families.planted import planted_network
from scalestream.networks.planting import AXES, colour, planted_kinds, truth
from scalestream.networks.weights import random_network
from scalestream.run.checkpoint import Checkpoint
from scalestream.study.intervals import wilson

KINDS = {"octave": 8, "same": 4, "turned": 4, "other_colour": 4, "random": 2, "negative": 2}
SEED = 0
OCTAVES = [0, 0.5, 1, 1.5]
SIDE, MIDDLE = 64, 32  # the center neuron of block 1.1 looks at pixel 32
BLOCK = blocks_of("planted")["1.1"]
PLAN = Plan(width=96, k=8, seed=0, steps=600, batch_size=256, learning_rate=2e-3)


@pytest.fixture(scope="module")
def patches() -> list[torch.Tensor]:
    """Gabor patches of any colour axis, orientation and phase, over three octaves of wavelength, near the center neuron, as
    network input: batches (50, 3, SIDE, SIDE)."""
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(2000):
        axis, angle, phase = AXES[rng.integers(3)], *rng.uniform(0, 2 * np.pi, 2)
        wavelength, (down, across) = 5.5 * 2 ** rng.uniform(-2, 1), MIDDLE + rng.normal(0, 2, 2)
        rows, columns = np.meshgrid(np.arange(SIDE) - down, np.arange(SIDE) - across, indexing="ij")
        envelope = np.exp(-(rows**2 + columns**2) / (2 * (0.4 * wavelength) ** 2))
        along = columns * np.cos(angle) + rows * np.sin(angle)
        pattern = rng.uniform(0.6, 2) * envelope * np.cos(2 * np.pi * along / wavelength + phase)
        drawn.append(np.float32(pattern * colour(axis)[:, None, None]))
    return list(torch.from_numpy(np.array(drawn)).split(50))


def activations(network, patches) -> np.ndarray:
    neurons = CenterNeurons(network, BLOCK, SIDE, OCTAVES)
    return np.concatenate([neurons(batch)[:2].transpose(0, 1).numpy() for batch in patches])


@pytest.fixture(scope="module")
def planted(patches) -> np.ndarray:
    return activations(planted_network(SEED, KINDS), patches)


def test_profiles_of_channels_are_those_that_are_planted(planted):
    """Peaks at the planted octave in 7 of 8 channels at least; above the null what is planted and copies at the same scale, and
    nothing turned, of another colour, random or negative."""
    samples = Samples.of(planted, 1)
    crosscoder, rows = train(samples, PLAN, Checkpoint())
    kinds, found = planted_kinds(KINDS, SEED), {name: [] for name in KINDS}
    for row in channel_rows(judge(crosscoder, samples, OCTAVES, []), crosscoder, OCTAVES):
        if row["channel"] in kinds:
            found[kinds[row["channel"]]].append(row)
    print({kind: [(round(row["peak_lag"], 2), round(row["score"], 2)) for row in of_kind] for kind, of_kind in found.items()})
    above = {kind: sum(row["score"] > row["null"] for row in of_kind) for kind, of_kind in found.items()}
    assert sum(abs(row["peak_lag"] - 1) < 0.25 for row in found["octave"]) >= 7
    assert all(abs(row["peak_lag"]) < 0.1 for row in found["same"])
    assert above["octave"] >= 7 and above["same"] == 4
    assert [above[kind] for kind in ("turned", "other_colour", "negative")] == [0, 0, 0]
    assert rows[-1]["explained"] > 0.9 and min(rows[-1]["explained_post"]) > 0.85


def test_codes_of_what_is_not_magnified_explain_the_less_the_more_a_view_is_magnified(planted):
    """Which has detail that the unmagnified image does not show."""
    samples, plan = Samples.of(planted, 1), replace(PLAN, steps=300)
    (_, by_all), (_, by_one) = (train(samples, replace(plan, encoder=encoder), Checkpoint()) for encoder in ENCODERS)
    for site in ("explained_in", "explained_pre"):
        ours, theirs = by_one[-1][site], by_all[-1][site]
        print(site, np.round(ours, 2), np.round(theirs, 2))
        assert ours == sorted(ours, reverse=True) and theirs[-1] - ours[-1] > 0.1 > abs(theirs[0] - ours[0])


def shares(values: np.ndarray, shuffled: bool) -> tuple[dict, np.ndarray]:
    """The summary of a crosscoder, and whether the direction of each live latent is above its null."""
    samples = Samples.of(values, 1, shuffled)
    crosscoder, _ = train(samples, replace(PLAN, steps=300), Checkpoint())
    judged = judge(crosscoder, samples, OCTAVES, [])
    found = summary(judged, crosscoder, samples, [])
    print({name: found[name] for name in ("n_live", "n_found", "share", "lower", "upper", "channels", "components")})
    return found, (judged.columns["direction"] > judged.columns["null"])[judged.live]


def test_of_shuffled_images_shift_and_direction_are_at_the_null(planted):
    """In and Pre of each sample are then of different images.

    Both polarities of a feature go together. So Pre's pair of channels is In's in 1 of 12 latents by chance, where single
    channels would be in 1 of 24, and the null, which moves these, lets through more than 5 %.
    """
    as_they_are, shared = shares(planted, shuffled=False)
    shuffled, by_chance = shares(planted, shuffled=True)
    assert wilson(int(by_chance.sum()), len(by_chance))[0] <= 1 / 12 and shuffled["lower"] <= 1 / 12
    assert as_they_are["lower"] > shuffled["upper"] and shared.mean() > 0.3 > 2 * by_chance.mean()
    assert abs(shuffled["channels"]) < 0.3 < as_they_are["channels"]


def test_of_random_weights_no_more_is_found_than_by_chance(patches):
    """5 % of the latents have a direction above its null by chance."""
    for seed in range(2):
        found, _ = shares(activations(random_network("planted", seed, patches[:4]), patches[:20]), shuffled=False)
        assert found["lower"] is not None and found["lower"] <= 0.05


def test_in_superposition_latents_find_what_channels_do_not_hold(patches, planted):
    """The same features, along directions of the stream; each channel then is a bit of all."""
    mixed = activations(planted_network(SEED, KINDS, superposition=True), patches)
    held = stream_directions(BLOCK.channels, SEED, superposition=True)
    turn = np.array(list(held.values()))
    centred = [values - values.mean(axis=0) for values in (mixed, planted)]
    np.testing.assert_allclose(centred[0] @ turn.T, centred[1][..., list(held)], atol=2e-3)
    samples = Samples.of(mixed, 1)
    crosscoder, _ = train(samples, PLAN, Checkpoint())
    judged = judge(crosscoder, samples, OCTAVES, [])
    called = judged.columns["along"][judged.found & (judged.columns["lag"] > 0)]
    found = {row["kind"]: row for row in recovered(called, truth(KINDS, SEED), held)}
    channels = {row["kind"]: row for row in recovered(np.eye(BLOCK.channels), truth(KINDS, SEED), held)}
    print({kind: (row["count"], row["total"]) for kind, row in found.items()})
    assert {kind: row["total"] for kind, row in found.items()} == {kind: count // 2 for kind, count in KINDS.items()}
    assert found["octave"]["count"] >= 2
    assert sum(found[kind]["count"] for kind in ("turned", "other_colour", "negative")) == 0
    assert not any(row["count"] for row in channels.values())  # not one channel lies in any feature's plane


def test_a_direction_finds_the_feature_in_whose_plane_it_lies():
    held = stream_directions(40, SEED, superposition=False)
    rows = truth(KINDS, SEED)
    (first, second), *_ = [[row["channel"] for row in rows if row["kind"] == kind] for kind in ("negative",)]
    between, beside = held[first] - held[second], held[first] + 0.8 * np.eye(40)[2]
    assert np.array_equal(held[first], np.eye(40)[first])
    for called, count in ((between, 1), (beside, 0), (held[first] + 0.7 * np.eye(40)[2], 1)):
        found = {row["kind"]: row for row in recovered(called[None], rows, held)}
        assert (found["negative"]["count"], found["negative"]["total"], found["negative"]["n_called"]) == (count, 1, 1)
        assert sum(row["count"] for row in found.values()) == count
    none = list(recovered(np.empty((0, 40)), rows, held))
    assert [row["count"] for row in none] == [0] * 6 and not none[0]["scale_invariant"] == none[1]["scale_invariant"]
