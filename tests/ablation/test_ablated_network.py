"""Ablation against a plain forward pass with a hook that overwrites the map."""

import pytest
import torch
from ablations import ablated, architecture_of, plain_map

import plain_ablation
from conftest import blocks_of, randomized
from scalestream.ablation.ablated_network import overwrite
from scalestream.ablation.draws import random_channels
from scalestream.errors import InputError
from scalestream.networks.graph import split_after, without_first_convolutions


def largest_deviation(network, block, conditions, images, replacement="mean") -> float:
    """Of the logits from those of plain passes, in parts of the largest logit of the condition."""
    means = torch.linspace(0.1, 2, blocks_of(architecture_of(network))[block].channels, dtype=images.dtype)
    donors = images.roll(1, 0)
    found = list(ablated(network, block, means, replacement).logits(images, conditions, donors))
    values = {"mean": means, "zero": torch.zeros_like(means), "resample": plain_map(network, block, donors)}[replacement]
    plain = [plain_ablation.logits(network, block, channels, values, images) for channels in conditions]
    assert len(found) == len(conditions)
    return max(float((ours - theirs).abs().max() / theirs.abs().max()) for ours, theirs in zip(found, plain))


@pytest.mark.parametrize(("dtype", "bound"), [(torch.float32, 1e-4), (torch.float64, 1e-10)])
@pytest.mark.parametrize("block", ["1.1", "2.0", "2.1", "3.0", "3.1", "4.0", "4.1"])
def test_logits_are_those_of_a_plain_pass(block, dtype, bound):
    """Intact, one channel, many and all; more conditions than go through together, in blocks before and after every kind."""
    network = randomized("small", 12).to(dtype)
    channels = blocks_of("small")[block].channels
    images = torch.randn(3, 3, 64, 64, generator=torch.Generator().manual_seed(1), dtype=dtype)
    draws = [random_channels(block, draw, [0, 1, 2], channels, 0) for draw in range(60)]
    conditions = [[], [0], [2, 5, 11, 15], list(range(channels)), *draws]
    assert largest_deviation(network, block, conditions, images) < bound


@pytest.mark.parametrize("replacement", ["zero", "resample"])
@pytest.mark.parametrize("block", ["2.0", "2.1", "4.1"])
def test_logits_with_other_replacements_are_those_of_a_plain_pass(block, replacement):
    network = randomized("small", 12).double()
    images = torch.randn(3, 3, 64, 64, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    assert largest_deviation(network, block, [[], [0], [2, 5, 11], [5, 2]], images, replacement) < 1e-10


@pytest.mark.parametrize(("dtype", "bound"), [(torch.float32, 1e-4), (torch.float64, 1e-10)])
@pytest.mark.parametrize(("block", "count"), [("2.1", 23), ("3.1", 46)])
def test_logits_of_resnet18_are_those_of_a_plain_pass(block, count, dtype, bound):
    network = randomized("resnet18", 50).to(dtype)
    images = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(1), dtype=dtype)
    draws = [random_channels(block, draw, list(range(count)), blocks_of("resnet18")[block].channels, 0) for draw in range(3)]
    assert largest_deviation(network, block, [[], list(range(count)), *draws], images) < bound


def test_answers_do_not_depend_on_the_other_conditions(small):
    images = torch.randn(4, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    network = ablated(small, "2.1", torch.linspace(0.1, 2, 24))
    conditions = [[], [3], [1, 2], [3], []]
    one, two, three, four, five = network.logits(images, conditions)
    assert torch.equal(one, five) and torch.equal(two, four) and not torch.equal(one, two) and not torch.equal(two, three)


@pytest.mark.parametrize(("block", "convolutions"), [("2.0", 1), ("2.1", 2), ("4.1", 0)])
def test_the_convolutions_that_read_the_map_are_taken_out(small, block, convolutions):
    """The next block's first, and where it is a downsampling block that of its bypass."""
    before, after = split_after(small, blocks_of("small")[block].post)
    post = before(torch.randn(2, 3, 64, 64))
    first, rest = without_first_convolutions(after)
    assert len(first) == convolutions
    torch.testing.assert_close(rest(post, *(convolution(post) for convolution in first)), after(post))


def test_ablation_leaves_the_map_of_the_other_conditions_alone():
    post = torch.rand(2, 3, 4, 4)
    kept = post.clone()
    changed = overwrite(post, [1], torch.tensor([7.0, 8.0, 9.0])[None, :, None, None])
    assert torch.equal(post, kept) and (changed[:, 1] == 8).all()
    assert torch.equal(changed[:, [0, 2]], post[:, [0, 2]])


def test_output_that_is_not_finite_stops(small):
    network = ablated(small, "2.1", torch.full((24,), float("nan")))
    with pytest.raises(InputError, match="block 2.1: the network's output is not finite with 1 channels ablated"):
        list(network.logits(torch.zeros(1, 3, 64, 64), [[], [3]]))
