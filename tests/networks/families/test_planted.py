"""The planted network: what In and Pre of each kind of channel answer to, its noise, and that the arguments alone make it."""

from functools import cache

import numpy as np
import pytest
import torch

from scalestream.activations.center import center
from scalestream.images.preprocessing import normalize
from scalestream.networks.architectures import architecture, description
from scalestream.networks.families.planted import gabor, planted_network
from scalestream.networks.graph import cut_after
from scalestream.networks.planting import (
    AXES,
    CLASSES,
    FEATURES,
    KINDS,
    colour,
    mixing,
    planted_kinds,
    superposition_faults,
    truth,
)

EASY = {"octave": 8, "same": 4, "turned": 4, "other_colour": 4, "random": 2, "negative": 2}
HARD = {"octave": 4, "half_octave": 4, "two_octaves": 4, "weak": 4, "strong": 4, "reversed": 4}
OCTAVES = np.arange(-1, 3.01, 0.25)  # above the wavelength of In, 5.5 pixels
SIDE, MIDDLE = 112, 56  # the center neuron of block 1.1 looks at pixel 56


@cache
def network(seed: int = 0, noise: float = 0, **kinds: int) -> torch.nn.Module:
    return planted_network(seed, kinds, noise)


@cache
def parts(seed: int, **kinds: int) -> list[torch.nn.Module]:
    return [cut_after(network(seed, **kinds), layer) for layer in ("layer1.0", "layer1.1.bn2")]


def patches(axis: str, orientation: float, polarity: int) -> torch.Tensor:
    """Gabor patches of equal norm about the center neuron, at every wavelength, as network input: (N, 3, SIDE, SIDE)."""
    places = np.arange(SIDE) - MIDDLE
    functions = [gabor(places, 5.5 * 2**octave, orientation, 2 * 2**octave) for octave in OCTAVES]
    return torch.tensor(polarity * colour(axis)[:, None, None] * np.array(functions)[:, None], dtype=torch.float32)


def tuning(channel: int, axis: int = 0, turn: int = 0, **kinds: int) -> list[np.ndarray]:
    """Responses of a channel's In and Pre, by OCTAVES, to its feature, or to another colour or orientation."""
    feature = FEATURES[channel]
    other = AXES[(AXES.index(feature.axis) + axis) % len(AXES)]
    images = patches(other, feature.orientation + turn, feature.polarity)
    return [center(part(images))[:, channel].numpy() for part in parts(0, **kinds)]


def peak(responses: np.ndarray) -> float:
    """Octaves of the highest response, by a parabola through it and its neighbours."""
    at = int(responses.argmax())
    assert 0 < at < len(responses) - 1
    before, highest, after = responses[at - 1 : at + 2]
    return OCTAVES[at] + 0.25 * 0.5 * (before - after) / (before - 2 * highest + after)


def channels_of(kind: str, kinds: dict[str, int]) -> list[int]:
    return [channel for channel, name in planted_kinds(kinds, 0).items() if name == kind]


@pytest.mark.parametrize(
    ("kind", "kinds", "octaves", "tolerance"),
    [
        ("octave", EASY, 1, 0.15),
        ("same", EASY, 0, 1e-3),
        ("weak", HARD, 1, 0.15),
        ("strong", HARD, 1, 0.15),
        ("two_octaves", HARD, 2, 0.1),
        ("half_octave", HARD, 0.5, 0.25),
        ("reversed", HARD, -1, 0.15),
    ],
)
def test_pre_prefers_ins_feature_at_its_kinds_size(kind, kinds, octaves, tolerance):
    found = channels_of(kind, kinds)
    assert len(found) == kinds[kind] and KINDS[kind].octaves == octaves
    for channel in found:
        of_in, of_pre = (peak(responses) for responses in tuning(channel, **kinds))
        assert of_pre - of_in == pytest.approx(octaves, abs=tolerance)
        assert kind in ("half_octave", "reversed") or of_in == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize(("kind", "other"), [("turned", {"turn": 90}), ("other_colour", {"axis": 1})])
def test_pre_of_another_feature_answers_that_at_twice_the_size_and_not_ins(kind, other):
    for channel in channels_of(kind, EASY):
        of_in, of_pre = tuning(channel, **EASY)
        there = tuning(channel, **other, **EASY)[1]
        assert peak(of_in) == pytest.approx(0, abs=0.1) and peak(there) == pytest.approx(1, abs=0.15)
        assert of_pre.max() < 0.2 * there.max()


def test_pre_of_the_other_kinds():
    for channel in channels_of("negative", EASY):
        of_in, of_pre = tuning(channel, **EASY)
        assert of_in.max() > 0 >= of_pre.max() and peak(-of_pre) == pytest.approx(1, abs=0.15)
    for channel in channels_of("random", EASY):
        assert tuning(channel, **EASY)[1].any()
    for channel in channels_of("none", {"octave": 12, "none": 12}):
        of_in, of_pre = tuning(channel, octave=12, none=12)
        assert peak(of_in) == pytest.approx(0, abs=0.1) and not of_pre.any()


def test_both_polarities_of_a_feature_are_of_one_kind_and_the_numbers_are_those_asked_for():
    kinds = planted_kinds(EASY, 3)
    assert list(kinds) == list(FEATURES) == list(range(6, 30))
    assert {kind: list(kinds.values()).count(kind) for kind in EASY} == EASY
    for channel in range(6, 30, 2):
        first, second = FEATURES[channel], FEATURES[channel + 1]
        assert (first.axis, first.orientation) == (second.axis, second.orientation)
        assert (first.polarity, second.polarity) == (1, -1) and kinds[channel] == kinds[channel + 1]
        stem = network(0, **EASY).conv1.weight
        assert torch.equal(stem[channel], -stem[channel + 1])


def test_the_seed_and_the_kinds_alone_make_the_network():
    torch.manual_seed(5)
    again = planted_network(0, dict(reversed(EASY.items())) | {"none": 0})
    state = network(0, **EASY).state_dict()
    assert all(torch.equal(tensor, again.state_dict()[name]) for name, tensor in state.items())
    assert not torch.equal(network(1, **EASY).layer1[1].conv1.weight, state["layer1.1.conv1.weight"])
    assert planted_kinds(EASY, 1) != planted_kinds(EASY, 0) == planted_kinds(EASY | {"none": 0}, 0)
    assert not network(0, **EASY).training and not any(each.requires_grad for each in network(0, **EASY).parameters())


def test_noise_has_its_norm_in_every_filter_that_is_not_zero():
    clean, noisy = (dict(network(0, noise, **EASY).named_parameters()) for noise in (0, 0.5))
    filters = [name for name, weight in clean.items() if weight.ndim == 4]
    assert len(filters) == 20
    for name in filters:
        norms = clean[name].flatten(1).norm(dim=1)
        difference = (noisy[name] - clean[name]).flatten(1).norm(dim=1)
        torch.testing.assert_close(difference, 0.5 * norms)
    other = dict(network(1, 0.5, **EASY).named_parameters())
    assert not torch.equal(other["conv1.weight"], noisy["conv1.weight"])


def test_the_classifier_adds_the_channels_of_a_class():
    state = network(0, **EASY).state_dict()
    assert list(CLASSES) == sorted(CLASSES) and len(CLASSES) == 12
    for channel, feature in FEATURES.items():
        votes = state["fc.weight"][:, channel]
        assert votes.sum() == 1 and votes[CLASSES.index(f"{feature.axis}_{feature.orientation:03}")] == 1
    assert state["fc.weight"].sum() == len(FEATURES) and not state["fc.bias"].any()


def test_the_truth_of_every_channel():
    rows = truth(HARD, 0)
    assert [row["channel"] for row in rows] == list(FEATURES)
    invariant = {row["kind"] for row in rows if row["scale_invariant"]}
    assert invariant == {"octave", "half_octave", "two_octaves", "weak", "strong"}
    assert {row["kind"]: row["octaves"] for row in rows}["reversed"] == -1
    assert {row["octaves"] for row in truth({"none": 24}, 0)} == {None}


def test_its_weights_go_by_a_seed():
    assert description("planted").weights == architecture("planted").weights()
    (expected,) = description("planted").weights.values()
    assert (expected.resize, expected.crop) == (128, 112) and description("planted").preprocessing("planted:7") == expected


MANY = {
    "octave": 8,
    "same": 2,
    "turned": 2,
    "other_colour": 2,
    "random": 2,
    "negative": 2,
    "half_octave": 4,
    "two_octaves": 2,
}


def test_superposition_turns_in_and_pre_and_leaves_the_output_as_it_is():
    """At every position, the border too, and for images that reach the ends of 0 and 1."""
    plain, turned = (planted_network(2, MANY, superposition=each) for each in (False, True))
    images = torch.rand(6, 3, 80, 80, generator=torch.Generator().manual_seed(0))
    images[:2] = images[:2].round()
    images[2:4] = torch.nn.functional.interpolate(images[2:4, :, :10, :10].round(), (80, 80))
    images = normalize(images)
    matrix, before, after = mixing(2), {}, {}
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(24), atol=1e-12)
    for layer in ("layer1.0", "layer1.1.bn2", "layer1.1", "layer2.0"):
        before[layer], after[layer] = (cut_after(each, layer)(images).double().numpy() for each in (plain, turned))
    offset = turned.layer1[0].bn2.bias.double().numpy()[:, None, None]
    for layer, moved in (("layer1.0", offset), ("layer1.1.bn2", 0 * offset)):
        expected = before[layer].copy()
        expected[:, 6:30] = np.einsum("dc,nchw->ndhw", matrix, before[layer][:, 6:30])
        np.testing.assert_allclose(after[layer], expected + moved, atol=1e-3)
    unrectified = before["layer1.0"] + before["layer1.1.bn2"]
    unrectified[:, 6:30] = np.einsum("dc,nchw->ndhw", matrix, unrectified[:, 6:30])
    assert unrectified.min() < -1 and (unrectified + offset)[:, 6:30].min() > 0
    np.testing.assert_allclose(after["layer1.1"][:, 6:30], (unrectified + offset)[:, 6:30], atol=1e-3)
    np.testing.assert_allclose(after["layer2.0"], before["layer2.0"], atol=1e-3)
    torch.testing.assert_close(turned(images), plain(images), rtol=0, atol=1e-3)
    assert plain(images).abs().max() > 1


def test_what_does_not_go_with_superposition():
    assert superposition_faults(EASY, 0) == []
    assert superposition_faults(HARD, 0.1) == [
        "reversed channels take the branch that mixes the others; give {reversed: 0}",
        "noise would be mixed in too; give noise: 0",
    ]
