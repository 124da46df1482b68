"""Mean ablation against a plain forward pass with a hook that overwrites the map."""

import pytest
import torch
from torch.utils.data import DataLoader

import plain_ablation
from conftest import randomized
from scalestream.ablation import AblatedNetwork, overwrite
from scalestream.answers import unpacked
from scalestream.architectures import blocks
from scalestream.errors import InputError
from scalestream.evaluation import Condition, Evaluation, derangement
from scalestream.loading import ImageFiles
from scalestream.network import split_after, without_first_convolutions
from scalestream.screening import random_channels


def largest_deviation(network, block, conditions, images, kind="mean") -> float:
    """Of the logits from those of plain passes, in parts of the largest logit of the condition."""
    means = torch.linspace(0.1, 2, blocks_of(network)[block].channels, dtype=images.dtype)
    donors = images.roll(1, 0)
    found = list(AblatedNetwork(network, block, means, kind).logits(images, conditions, donors))
    values = {"mean": means, "zero": torch.zeros_like(means), "resample": plain_map(network, block, donors)}[kind]
    plain = [plain_ablation.logits(network, block, channels, values, images) for channels in conditions]
    assert len(found) == len(conditions)
    return max(float((ours - theirs).abs().max() / theirs.abs().max()) for ours, theirs in zip(found, plain))


def plain_map(network, block, images):
    """The block's Post map of a plain forward pass, channel by channel."""
    kept = []
    stage, index = map(int, block.split("."))
    hook = getattr(network, f"layer{stage}")[index].register_forward_hook(lambda module, inputs, output: kept.append(output.clone()))
    network(images)
    hook.remove()
    return kept[0].transpose(0, 1)


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


@pytest.mark.parametrize("kind", ["zero", "resample"])
@pytest.mark.parametrize("block", ["2.0", "2.1", "4.1"])
def test_logits_of_other_kinds_of_ablation_are_those_of_a_plain_pass(block, kind):
    network = randomized("small", 12).double()
    images = torch.randn(3, 3, 64, 64, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    assert largest_deviation(network, block, [[], [0], [2, 5, 11], [5, 2]], images, kind) < 1e-10


@pytest.mark.parametrize("count", [2, 3, 50, 1000])
def test_every_image_has_another_one_for_a_donor(count):
    found = derangement(count, seed=3)
    assert sorted(found) == list(range(count)) and all(donor != image for image, donor in enumerate(found))
    assert found == derangement(count, seed=3) and (count < 50 or found != derangement(count, seed=4))


def test_a_single_image_has_no_donor():
    with pytest.raises(InputError, match="study.kinds: resample needs at least two images"):
        derangement(1, seed=0)


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
    ablated = overwrite(post, [1], torch.tensor([7.0, 8.0, 9.0])[None, :, None, None])
    assert torch.equal(post, kept) and (ablated[:, 1] == 8).all()
    assert torch.equal(ablated[:, [0, 2]], post[:, [0, 2]])


def test_accuracies_on_real_images_are_those_of_the_plain_loop(real_files):
    network, means, paths = randomized("small", 12), torch.linspace(0, 3, 24), [str(file) for file in real_files]
    conditions = [Condition("intact", None, []), Condition("scale", None, [1, 4, 9]), Condition("random", 0, [0, 2, 20])]
    percents = [0, 20, 50]
    inputs = torch.cat([*DataLoader(plain_ablation.Files(paths, 0, 128, 112))])
    network.fc.bias -= network(inputs).mean(dim=0)  # a random network else answers the same to everything
    labels = network(inputs).argmax(dim=1)  # so that the intact network is right at no scale
    rows = Evaluation(AblatedNetwork(network, "2.1", means), [1, 4, 9], ImageFiles(paths, 128), labels.tolist(), 112, "paper",
                      batch_size=5, workers=1).rows(conditions, percents)
    correct = [plain_ablation.answers(network, "2.1", condition.channels, means, paths, percent, 128, 112, 5) == labels
               for condition in conditions for percent in percents]
    assert [(row["condition"], row["trial"], row["scale_percent"]) for row in rows] == [
        (condition.name, condition.trial, percent) for condition in conditions for percent in percents]
    assert [row["n_correct"] for row in rows] == [int(each.sum()) for each in correct]
    assert [unpacked(row["correct"], len(paths)).tolist() for row in rows] == [each.tolist() for each in correct]
    assert all(row["n_images"] == len(paths) and row["accuracy"] == row["n_correct"] / len(paths) for row in rows)
    assert rows[0]["n_correct"] == len(paths) and len({row["n_correct"] for row in rows}) > 2


@pytest.mark.parametrize("batch_size", [5, 4])
def test_resampled_maps_are_those_of_the_donors_whatever_the_batches(real_files, batch_size):
    """Each image beside its donor, at the same scale, in a plain pass."""
    network, paths = randomized("small", 12), [str(file) for file in real_files]
    donors, channels = derangement(len(paths), seed=0), [1, 4, 9, 15]
    views = {percent: torch.cat([*DataLoader(plain_ablation.Files(paths, percent, 128, 112))]) for percent in (0, 30)}
    network.fc.bias -= network(views[0]).mean(dim=0)
    labels = network(views[0]).argmax(dim=1)
    rows = Evaluation(AblatedNetwork(network, "2.1", torch.zeros(24), "resample"), channels, ImageFiles(paths, 128), labels.tolist(),
                      112, "paper", batch_size, workers=1, donors=donors).rows([Condition("scale", None, channels)], [0, 30])
    for row, (percent, inputs) in zip(rows, views.items(), strict=True):
        maps = plain_map(network, "2.1", inputs[donors])
        correct = plain_ablation.logits(network, "2.1", channels, maps, inputs).argmax(dim=1) == labels
        assert (row["kind"], row["scale_percent"]) == ("resample", percent)
        assert unpacked(row["correct"], len(paths)).tolist() == correct.tolist()
    assert rows[0]["n_correct"] < len(paths)


def test_output_that_is_not_finite_stops(small):
    ablated = AblatedNetwork(small, "2.1", torch.full((24,), float("nan")))
    with pytest.raises(InputError, match="block 2.1: the network's output is not finite with 1 channels ablated"):
        list(ablated.logits(torch.zeros(1, 3, 64, 64), [[], [3]]))
