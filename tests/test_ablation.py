"""Mean ablation against a plain forward pass with a hook that overwrites the map."""

import pytest
import torch
from torch.utils.data import DataLoader

import plain_ablation
from conftest import randomized
from scalestream.ablation import AblatedNetwork, mean_ablate
from scalestream.architectures import blocks
from scalestream.errors import InputError
from scalestream.evaluation import Condition, Evaluation
from scalestream.loading import ImageFiles
from scalestream.network import split_after, without_first_convolutions
from scalestream.screening import random_channels


def largest_deviation(network, block, conditions, images) -> float:
    """Of the logits from those of plain passes, in parts of the largest logit of the condition."""
    means = torch.linspace(0.1, 2, blocks_of(network)[block].channels, dtype=images.dtype)
    found = list(AblatedNetwork(network, block, means).logits(images, conditions))
    plain = [plain_ablation.logits(network, block, channels, means, images) for channels in conditions]
    assert len(found) == len(conditions)
    return max(float((ours - theirs).abs().max() / theirs.abs().max()) for ours, theirs in zip(found, plain))


def blocks_of(network):
    return blocks("resnet18" if network.fc.in_features == 512 else "small")


@pytest.mark.parametrize(("dtype", "bound"), [(torch.float32, 1e-4), (torch.float64, 1e-10)])
@pytest.mark.parametrize("block", ["1.1", "2.0", "2.1", "3.0", "3.1", "4.0", "4.1"])
def test_logits_are_those_of_a_plain_pass(block, dtype, bound):
    """Intact, one channel, many and all; more conditions than go through together, in blocks before and after every kind."""
    network = randomized("small", 12).to(dtype)
    channels = blocks("small")[block].channels
    images = torch.randn(3, 3, 64, 64, generator=torch.Generator().manual_seed(1), dtype=dtype)
    draws = [random_channels(block, draw, [0, 1, 2], channels, 0) for draw in range(60)]
    conditions = [[], [0], [2, 5, 11, 15], list(range(channels)), *draws]
    assert largest_deviation(network, block, conditions, images) < bound


@pytest.mark.parametrize(("dtype", "bound"), [(torch.float32, 1e-4), (torch.float64, 1e-10)])
@pytest.mark.parametrize(("block", "count"), [("2.1", 23), ("3.1", 46)])
def test_logits_of_resnet18_are_those_of_a_plain_pass(block, count, dtype, bound):
    network = randomized("resnet18", 50).to(dtype)
    images = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(1), dtype=dtype)
    draws = [random_channels(block, draw, list(range(count)), blocks("resnet18")[block].channels, 0) for draw in range(3)]
    assert largest_deviation(network, block, [[], list(range(count)), *draws], images) < bound


def test_answers_do_not_depend_on_the_other_conditions(small):
    images = torch.randn(4, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    ablated = AblatedNetwork(small, "2.1", torch.linspace(0.1, 2, 24))
    conditions = [[], [3], [1, 2], [3], []]
    one, two, three, four, five = ablated.logits(images, conditions)
    assert torch.equal(one, five) and torch.equal(two, four) and not torch.equal(one, two) and not torch.equal(two, three)


@pytest.mark.parametrize(("block", "convolutions"), [("2.0", 1), ("2.1", 2), ("4.1", 0)])
def test_the_convolutions_that_read_the_map_are_taken_out(small, block, convolutions):
    """The next block's first, and where it is a downsampling block that of its bypass."""
    before, after = split_after(small, block)
    post = before(torch.randn(2, 3, 64, 64))
    first, rest = without_first_convolutions(after)
    assert len(first) == convolutions
    torch.testing.assert_close(rest(post, *(convolution(post) for convolution in first)), after(post))


def test_ablation_leaves_the_map_of_the_other_conditions_alone():
    post = torch.rand(2, 3, 4, 4)
    kept = post.clone()
    ablated = mean_ablate(post, [1], torch.tensor([7.0, 8.0, 9.0]))
    assert torch.equal(post, kept) and (ablated[:, 1] == 8).all()
    assert torch.equal(ablated[:, [0, 2]], post[:, [0, 2]])


def test_accuracies_on_real_images_are_those_of_the_plain_loop(real_files):
    network, means, paths = randomized("small", 12), torch.linspace(0, 3, 24), [str(file) for file in real_files]
    conditions = [Condition("intact", None, []), Condition("scale", None, [1, 4, 9]), Condition("random", 0, [0, 2, 20])]
    percents = [0, 20, 50]
    inputs = torch.cat([*DataLoader(plain_ablation.Files(paths, 0, 128, 112))])
    network.fc.bias -= network(inputs).mean(dim=0)  # a random network else answers the same to everything
    labels = network(inputs).argmax(dim=1)  # so that the intact network is right at no scale
    rows = Evaluation(AblatedNetwork(network, "2.1", means), 24, [1, 4, 9], ImageFiles(paths, 128), labels.tolist(), 112, "paper",
                      batch_size=5, workers=1).rows(conditions, percents)
    expected = [(condition.name, condition.trial, percent, int((plain_ablation.answers(
        network, "2.1", condition.channels, means, paths, percent, 128, 112, 5) == labels).sum()))
        for condition in conditions for percent in percents]
    assert [(row["condition"], row["trial"], row["scale_percent"], row["n_correct"]) for row in rows] == expected
    assert all(row["n_images"] == len(paths) and row["accuracy"] == row["n_correct"] / len(paths) for row in rows)
    assert rows[0]["n_correct"] == len(paths) and len({row["n_correct"] for row in rows}) > 2


def test_output_that_is_not_finite_stops(small):
    ablated = AblatedNetwork(small, "2.1", torch.full((24,), float("nan")))
    with pytest.raises(InputError, match="block 2.1: the network's output is not finite with 1 channels ablated"):
        list(ablated.logits(torch.zeros(1, 3, 64, 64), [[], [3]]))
