"""Circuits against plain gradients, one channel and one magnification at a time, and where the answer is known."""

import io
from copy import deepcopy

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from conftest import blocks_of
from scalestream.images.preprocessing import magnify
from scalestream.measures.circuits import Circuit, compare, judged, profiles, without_gradients
from scalestream.measures.verdicts import is_circuit
from scalestream.networks.families.planted import planted_network
from scalestream.networks.interface import Block
from scalestream.networks.planting import planted_kinds
from scalestream.networks.weights import random_network
from scalestream.report.kernels import picture

OCTAVES = [-0.5, 0, 0.5, 1]
SIDE = 64


def linear(network: nn.Module) -> nn.Module:
    """torchvision's ResNet with other modules in the places of its ReLUs and its max pooling."""
    network = deepcopy(network)
    for module in network.modules():
        if hasattr(module, "relu"):
            module.relu = nn.Identity()
    network.maxpool = nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False)
    return network


def center_of(network: nn.Module, layer: str, images: torch.Tensor) -> torch.Tensor:
    """(C,): the layer's center neurons, read by a hook."""
    found = []
    hook = network.get_submodule(layer).register_forward_hook(lambda module, inputs, output: found.append(output.clone()))
    network(images)
    hook.remove()
    return found[0][0, :, found[0].shape[2] // 2, found[0].shape[3] // 2]


def gradient(network: nn.Module, layer: str, channel: int, octaves: float | None = None, about: float = 0) -> torch.Tensor:
    """Of a center neuron by the image, which is magnified before the network sees it."""
    image = torch.zeros(1, 3, SIDE, SIDE, requires_grad=True)
    seen = image if octaves is None else magnify(image, 2**octaves, about)
    center_of(network, layer, seen)[channel].backward()
    return image.grad.flatten()


def collected(circuit: Circuit, octaves: list[float] = OCTAVES) -> tuple[np.ndarray, list]:
    columns, kernels = zip(*compare(circuit, octaves))
    return np.stack(columns, axis=2), kernels


@pytest.mark.parametrize(("name", "about"), [("2.0", 32), ("4.0", 32)])
def test_cosines_are_those_of_plain_gradients(small, name, about):
    block = blocks_of("small")[name]
    circuit = Circuit.of(small, block, SIDE)
    cosines, kernels = collected(circuit)
    assert circuit.about == about and cosines.shape == (4, block.channels, block.channels)
    network = linear(small)
    ours = {channel: gradient(network, block.input, channel) for channel in (0, 3, block.channels - 1)}
    for other in (3, 17):
        theirs = [gradient(network, block.pre, other, octaves, about) for octaves in OCTAVES]
        for channel, one in ours.items():
            expected = [float(one @ each / one.norm() / each.norm()) for each in theirs]
            assert cosines[:, channel, other] == pytest.approx(expected, abs=2e-5)
    seen = (..., circuit.seen, circuit.seen)
    unit = (ours[3] / ours[3].norm()).reshape(3, SIDE, SIDE)[seen]
    torch.testing.assert_close(torch.from_numpy(kernels[3].input), unit, rtol=1e-4, atol=1e-6)
    peak = gradient(network, block.pre, 3, kernels[3].octaves, about).reshape(3, SIDE, SIDE)[seen]
    torch.testing.assert_close(torch.from_numpy(kernels[3].pulled_back), peak, rtol=1e-3, atol=float(1e-4 * peak.abs().max()))


@pytest.mark.parametrize("octaves", [-0.5, 0, 0.75, 1])
def test_pulling_back_is_the_adjoint_of_magnifying(small, octaves):
    circuit = Circuit.of(small, blocks_of("small")["3.0"], SIDE)
    x, y = torch.randn(2, 5, 3, SIDE, SIDE)
    magnified = (magnify(x, 2**octaves, circuit.about) * y).sum()
    assert float(magnified) == pytest.approx(float((x * circuit.pulled_back(y, octaves)).sum()), rel=1e-3)


class TwoSizes(nn.Module):
    """A block in which Pre of each channel is In's feature, twice as large, or in the last channel zero."""

    def __init__(self, silent: int | None = None):
        super().__init__()
        self.small, self.large = nn.Conv2d(3, 6, 21, padding=10, bias=False), nn.Conv2d(3, 6, 41, padding=20, bias=False)
        colours = torch.randn(6, 3, 1, 1, generator=torch.Generator().manual_seed(0))
        for convolution, size in ((self.small, 1), (self.large, 2)):
            places = torch.arange(convolution.kernel_size[0]) - convolution.kernel_size[0] // 2
            down, across = torch.meshgrid(places / size, places / size, indexing="ij")
            for channel in range(6):
                angle = torch.tensor(channel * torch.pi / 6)
                along = across * angle.cos() + down * angle.sin()
                function = torch.exp(-(down**2 + across**2) / 18) * torch.cos(along)
                convolution.weight.data[channel] = colours[channel] * function
        if silent is not None:
            self.large.weight.data[silent] = 0
        self.requires_grad_(False)

    def forward(self, images):
        return torch.relu(self.small(images) + self.large(images))


BLOCK = Block("0", "small", "large", "add", 6)


def test_a_feature_at_twice_the_size_is_found():
    octaves = [-0.5, -0.25, 0, 0.25, 0.5, 0.75, 1, 1.25, 1.5]
    circuit = Circuit.of(TwoSizes().eval(), BLOCK, SIDE)
    cosines, kernels = collected(circuit, octaves)
    rows = judged(octaves, cosines)
    assert circuit.about == 32 and circuit.seen == slice(12, 53)
    for row, kernel in zip(rows, kernels):
        assert row["kappa"] > 0.99 and row["evidence"] > 0.3 and (row["p_row"], row["p_column"]) == (1 / 6, 1 / 6)
        assert 2 ** row["preferred"] == pytest.approx(2, rel=0.02) and kernel.octaves == pytest.approx(row["preferred"])
        assert row["matched"] == pytest.approx(cosines[:, row["channel"], row["channel"]])
    found = profiles(octaves, cosines)
    assert {row["n_larger"] for row in found} == {row["n_channels"] for row in found} == {6}
    assert max(found, key=lambda row: row["matched"])["octaves"] == 1 and found[6]["p"] < 0.01


def test_a_channel_without_a_gradient_is_left_out():
    cosines, kernels = collected(Circuit.of(TwoSizes(silent=2).eval(), BLOCK, SIDE))
    rows = judged(OCTAVES, cosines)
    assert kernels[2] is None and all(rows[2][name] is None for name in ("kappa", "preferred", "evidence", "p_row", "matched"))
    assert [row["p_column"] for row in rows] == [1 / 5, 1 / 5, None, 1 / 5, 1 / 5, 1 / 5]
    assert {row["n_channels"] for row in profiles(OCTAVES, cosines)} == {5}


def test_a_block_without_linear_gradients_has_no_circuit():
    columns, kernels = zip(*without_gradients(6, OCTAVES))
    cosines = np.stack(columns, axis=2)
    assert kernels == (None,) * 6
    assert all(row["kappa"] is row["matched"] is row["p_row"] is None for row in judged(OCTAVES, cosines))
    found = profiles(OCTAVES, cosines)
    assert {(row["n_channels"], row["z"], row["n_larger"]) for row in found} == {(0, None, 0)}


def test_channels_are_judged_by_the_best_magnification_above_one():
    cosines = np.full((3, 3, 3), 0.1)
    cosines[:, 0, 0], cosines[:, 1, 1], cosines[:, 2, 2] = (0.2, 0.5, 0.4), (0.1, 0.2, 0.6), (-0.3, -0.2, -0.4)
    cosines[0, 0, 1] = 0.9  # at a magnification below one
    cosines[2, 1, 0] = 0.45
    first, second, third = judged([-0.5, 0, 0.5], cosines)
    assert (first["kappa"], first["p_row"], first["p_column"]) == (0.4, 1 / 3, 2 / 3)
    assert first["evidence"] == pytest.approx(-0.1)
    assert first["preferred"] == pytest.approx(0.5 * (0.2 - 0.4) / (2 * (0.2 - 1 + 0.4)))
    assert (second["kappa"], second["preferred"], second["evidence"]) == (0.6, 0.5, pytest.approx(0.4))
    assert (third["kappa"], third["p_row"], third["p_column"]) == (-0.4, 1, 1)


@pytest.mark.parametrize(("noise", "least"), [(0, 24), (0.5, 22)])
def test_what_is_planted_is_found_and_nothing_else(noise, least):
    kinds = {"octave": 8, "same": 4, "turned": 4, "other_colour": 4, "random": 2, "negative": 2}
    octaves = [-0.5, -0.25, 0, 0.25, 0.5, 0.75, 1, 1.25, 1.5]
    called = []
    for seed in range(3):
        circuit = Circuit.of(planted_network(seed, kinds, noise), blocks_of("planted")["1.1"], SIDE)
        rows = judged(octaves, collected(circuit, octaves)[0])
        called += [kind for channel, kind in planted_kinds(kinds, seed).items() if is_circuit(rows[channel])]
    assert called.count("octave") >= least and len(called) - called.count("octave") <= 1


def test_random_weights_are_calibrated():
    """Of all blocks and seeds, as many |z| lie above 2 as of a normal distribution, and channels have any rank."""
    zs, ranks = [], []
    for seed in range(3):
        generator = torch.Generator().manual_seed(seed)
        network = random_network("small", seed, [torch.randn(8, 3, SIDE, SIDE, generator=generator) for _ in range(2)])
        for block in blocks_of("small").values():
            cosines, _ = collected(Circuit.of(network, block, SIDE), [-0.5, 0, 0.5])
            zs += [row["z"] for row in profiles([-0.5, 0, 0.5], cosines)]
            rows = judged([-0.5, 0, 0.5], cosines)
            ranks += [(row[name] - 0.5 / block.channels) for row in rows for name in ("p_row", "p_column")]
    assert len(zs) == 63 and sum(abs(z) > 2 for z in zs) <= 8
    assert np.mean(ranks) == pytest.approx(0.5, abs=0.035)


def test_a_picture_is_grey_where_nothing_acts_and_has_the_colours_of_what_does():
    gradient = np.zeros((3, 56, 56))
    gradient[0, 8:24, 8:24], gradient[2, 32:48, 32:48] = 2, -0.5
    image = np.asarray(Image.open(io.BytesIO(picture(gradient, [2, 1, 0.5]))).convert("RGB")).astype(int)
    assert image.shape == (224, 224, 3)
    assert image[2, 2] == pytest.approx([128] * 3, abs=3) and image[64, 64] == pytest.approx([255, 128, 128], abs=6)
    assert image[160, 160] == pytest.approx([128, 128, 0], abs=6)
