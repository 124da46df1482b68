"""Networks cut after a layer and split at a block, against plain forward passes."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from conftest import blocks_of, layers_of
from scalestream.networks.graph import before_relu, cut_after, split_after

IMAGES = torch.randn(2, 3, 96, 96, generator=torch.Generator().manual_seed(0))


def plain_activations(network, layers: list[str]) -> dict[str, torch.Tensor]:
    """A plain forward pass with hooks that copy each layer's output before anything is added to it."""
    kept = {}
    handles = [
        network.get_submodule(layer).register_forward_hook(lambda _m, _i, out, layer=layer: kept.update({layer: out.clone()}))
        for layer in layers
    ]
    network(IMAGES)
    for handle in handles:
        handle.remove()
    return kept


@pytest.mark.parametrize("layer", list(layers_of("small")))
def test_a_cut_network_gives_the_layers_output(small, layer):
    expected = plain_activations(small, [layer])[layer]
    torch.testing.assert_close(cut_after(small, layer)(IMAGES), expected)


def test_post_is_the_rectified_sum_of_in_and_pre(small):
    for block in blocks_of("small").values():
        kept = plain_activations(small, list(block.layers.values()))
        torch.testing.assert_close(kept[block.post], F.relu(kept[block.input] + kept[block.pre]))
        assert kept[block.post].shape[1] == block.channels


@pytest.mark.parametrize("block", list(blocks_of("small")))
def test_the_two_halves_give_the_networks_logits(small, block):
    before, after = split_after(small, f"layer{block}")
    torch.testing.assert_close(before(IMAGES), plain_activations(small, [f"layer{block}"])[f"layer{block}"])
    torch.testing.assert_close(after(before(IMAGES)), small(IMAGES))


class Ending(nn.Module):
    """A convolution and what is done to its map."""

    def __init__(self, operation):
        super().__init__()
        self.conv, self.end = nn.Conv2d(3, 4, 3), operation if isinstance(operation, nn.Module) else None
        self.operation = operation

    def forward(self, images):
        maps = self.conv(images)
        return self.end(maps) if self.end else self.operation(maps)


@pytest.mark.parametrize("relu", [nn.ReLU(), nn.ReLU(inplace=True), torch.relu, F.relu])
def test_without_its_relu_a_part_gives_what_the_relu_reads(relu):
    network = nn.Sequential(Ending(relu).eval(), nn.Identity())
    before = before_relu(cut_after(network, "0"))
    torch.testing.assert_close(before(IMAGES), network[0].conv(IMAGES))
    network[0].conv.weight.data.mul_(2)
    torch.testing.assert_close(before(IMAGES), network[0].conv(IMAGES))  # it has the same weights


@pytest.mark.parametrize("other", [nn.Hardtanh(), nn.GELU(), torch.tanh, lambda maps: F.relu(maps) + 1])
def test_a_part_that_does_not_end_in_a_relu_has_nothing_before_it(other):
    assert before_relu(cut_after(nn.Sequential(Ending(other).eval(), nn.Identity()), "0")) is None


class Branches(nn.Module):
    def __init__(self, ends: list):
        super().__init__()
        self.convolutions, self.ends = nn.ModuleList(nn.Conv2d(3, 4, 1) for _ in ends), ends

    def forward(self, images):
        return torch.cat([end(conv(images)) for end, conv in zip(self.ends, self.convolutions)], 1)


def test_relus_put_one_behind_the_other_are_one_relu():
    branches = Branches([torch.relu, F.relu])
    before = before_relu(cut_after(nn.Sequential(branches, nn.Identity()), "0"))
    torch.testing.assert_close(before(IMAGES), torch.cat([conv(IMAGES) for conv in branches.convolutions], 1))
    assert before_relu(cut_after(nn.Sequential(Branches([torch.relu, torch.tanh]), nn.Identity()), "0")) is None


def test_in_and_post_behind_a_relu_are_sums(small):
    for block in blocks_of("small").values():
        kept = plain_activations(small, [block.input, block.pre])
        torch.testing.assert_close(before_relu(cut_after(small, block.post))(IMAGES), kept[block.input] + kept[block.pre])
        assert before_relu(cut_after(small, block.pre)) is None
