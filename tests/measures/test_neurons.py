"""Center neurons on magnified images against the whole network on whole magnified images."""

import pytest
import timm
import torch
from torch.nn.functional import grid_sample

from conftest import blocks_of, randomized
from scalestream.activations.center import center
from scalestream.images.preprocessing import magnify
from scalestream.measures.neurons import CenterNeurons
from scalestream.networks.graph import cut_after
from scalestream.networks.interface import Block, pair
from scalestream.networks.receptive_field import center_row

OCTAVES = [0, 0.5, 1, 1.5]
SMALL = blocks_of("small")


def assert_equal_to_whole_images(network, block: Block, size: int) -> CenterNeurons:
    images = torch.randn(2, 3, size, size)
    neurons = CenterNeurons(network, block, size, OCTAVES)
    found = neurons(images)
    about = center_row(cut_after(network, block.pre), size)
    assert found.shape == (3, 2, 4, block.channels)
    for layer, of_layer in zip(block.layers.values(), found):
        part = cut_after(network, layer)
        for octave, of_octave in zip(OCTAVES, of_layer.unbind(dim=1)):
            expected = center(part(magnify(images, 2**octave, about)))
            torch.testing.assert_close(of_octave, expected, rtol=1e-4, atol=1e-4)
    return neurons


@pytest.mark.parametrize("name", ["1.1", "2.0", "2.1", "3.0", "4.1"])
def test_blocks_of_the_small_network(small, name):
    neurons = assert_equal_to_whole_images(small, SMALL[name], 112)
    assert neurons.rows.stop - neurons.rows.start == {"1.1": 43, "2.0": 67, "2.1": 99}.get(name, 112)


def test_a_pair_of_blocks(small):
    assert_equal_to_whole_images(small, pair(SMALL["2.0"], SMALL["2.1"]), 112)


@pytest.mark.parametrize("name", ["2.0", "3.1"])
def test_blocks_of_resnet18(name):
    assert_equal_to_whole_images(randomized("resnet18", 10), blocks_of("resnet18")[name], 160)


def test_a_network_whose_windows_are_not_known_runs_on_whole_images(caplog):
    torch.manual_seed(0)
    network = timm.create_model("resnet18", aa_layer=timm.layers.BlurPool2d).eval()
    neurons = assert_equal_to_whole_images(network, Block("2.1", "layer2.0", "layer2.1.bn2", "layer2.1", 128), 96)
    assert neurons.rows == slice(0, 96) and "runs on whole images" in caplog.text


@pytest.mark.parametrize("factor", [1, 1.3, 2.83])
def test_a_window_of_the_magnified_image_is_that_of_the_whole(factor):
    images, rows = torch.rand(2, 3, 40, 40, dtype=torch.float64), slice(5, 31)
    expected = magnify(images, factor, 17.5)[..., rows, rows]
    torch.testing.assert_close(magnify(images, factor, 17.5, rows), expected, rtol=0, atol=1e-12)
    places = ((torch.arange(40, dtype=torch.float64) - 17.5) / factor + 17.5)[rows]
    grid = torch.stack(torch.meshgrid(places, places, indexing="xy"), dim=-1) * 2 / 39 - 1
    by_hand = grid_sample(images, grid.expand(2, -1, -1, -1), align_corners=True)
    torch.testing.assert_close(expected, by_hand, rtol=0, atol=1e-9)
