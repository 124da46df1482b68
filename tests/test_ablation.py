"""Mean ablation against a plain forward hook; random draws and their screening."""

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import transforms

from conftest import randomized
from scalestream.ablation import count_correct, is_accepted, mean_ablate, random_channels, screen
from scalestream.errors import InputError
from scalestream.network import split_after
from scalestream.preprocessing import ScaledViews, batches

IMAGES = torch.randn(4, 3, 64, 64, generator=torch.Generator().manual_seed(1))


def plain_ablated_logits(network, block, channels, means, images):
    """A plain forward pass with a hook that overwrites the block's output map."""
    def overwrite(_module, _inputs, output):
        output = output.clone()
        for channel in channels:
            output[:, channel, :, :] = means[channel]
        return output

    handle = network.get_submodule(f"layer{block}").register_forward_hook(overwrite)
    logits = network(images)
    handle.remove()
    return logits


@pytest.mark.parametrize("block", ["1.1", "2.1", "3.1", "4.1"])
@pytest.mark.parametrize("channels", [[], [0], [2, 5, 11, 15]])
def test_an_ablated_pass_equals_a_hook_that_overwrites_the_map(small, block, channels):
    means = torch.linspace(0.1, 2, 48)
    before, after = split_after(small, block)
    logits = after(mean_ablate(before(IMAGES), channels, means))
    torch.testing.assert_close(logits, plain_ablated_logits(small, block, channels, means, IMAGES))


def test_ablating_nothing_is_the_intact_network(small):
    before, after = split_after(small, "2.1")
    assert torch.equal(after(mean_ablate(before(IMAGES), [], torch.zeros(24))), small(IMAGES))


def test_ablation_leaves_the_map_of_the_other_conditions_alone():
    post = torch.rand(2, 3, 4, 4)
    kept = post.clone()
    ablated = mean_ablate(post, [1], torch.tensor([7.0, 8.0, 9.0]))
    assert torch.equal(post, kept) and (ablated[:, 1] == 8).all()
    assert torch.equal(ablated[:, [0, 2]], post[:, [0, 2]])


def test_counts_on_real_images_equal_the_plain_loop(real_files):
    """Decode, transform and run the whole network for every condition and scale."""
    network = randomized("small", 12)
    normalise = transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    conditions, percents, means = [[], [1, 4, 9], [0, 2, 20]], [0, 20, 50], torch.linspace(0, 3, 24)
    sides = {0: 112, 20: 128 - 25, 50: 64}
    paths = [str(file) for file in real_files]
    inputs = {percent: torch.stack([transforms.Compose([
        transforms.Resize(128), transforms.CenterCrop(sides[percent]), transforms.Resize(112), transforms.ToTensor(),
        normalise])(Image.open(path).convert("RGB")) for path in paths]) for percent in percents}
    network.fc.bias -= network(inputs[0]).mean(dim=0)  # a random network else answers the same to everything
    labels = network(inputs[0]).argmax(dim=1)  # so that the intact network is right at no scale
    *_, counts = count_correct(network, "2.1", conditions, means,
                               batches(ScaledViews(paths, labels.tolist(), percents, 128, 112), 5, workers=1))
    expected = [[int((plain_ablated_logits(network, "2.1", channels, means, inputs[percent]).argmax(1) == labels).sum())
                 for percent in percents] for channels in conditions]
    assert counts.tolist() == expected
    assert counts[0, 0] == len(paths) and len(set(counts.flatten().tolist())) > 2


def test_output_that_is_not_finite_stops(small):
    loader = [(torch.zeros(1, 1, 3, 64, 64, dtype=torch.uint8), torch.tensor([0]))]
    with pytest.raises(InputError, match="block 2.1: the network's output is not finite with 1 channels ablated"):
        list(count_correct(small, "2.1", [[3]], torch.full((24,), float("nan")), loader))


def test_draws_are_fixed_by_block_number_and_seed():
    passing = [0, 3, 5]
    draws = [random_channels("2.1", number, passing, 24, seed=0) for number in range(200)]
    assert draws == [random_channels("2.1", number, passing, 24, seed=0) for number in range(200)]
    assert all(len(set(draw)) == 3 and draw == sorted(draw) and not set(draw) & set(passing) for draw in draws)
    assert len(set(map(tuple, draws))) > 150
    counts = np.bincount(np.concatenate(draws), minlength=24)
    assert counts[[c for c in range(24) if c not in passing]].min() > 10
    assert random_channels("3.1", 0, passing, 24, seed=0) != draws[0] or \
        random_channels("3.1", 1, passing, 24, seed=0) != draws[1]
    assert random_channels("2.1", 0, passing, 24, seed=1) != draws[0]


def test_too_few_channels_to_draw_from():
    with pytest.raises(InputError, match="block 2.1: 3 of 5 channels pass"):
        random_channels("2.1", 0, [0, 1, 2], 5, seed=0)


@pytest.mark.parametrize(("n_correct", "slack", "accepted"), [
    (100, 0, True), (101, 0, False), (99, 0, True), (110, 0.01, True), (111, 0.01, False), (107, 0.007, True), (108, 0.007, False),
])
def test_acceptance_at_the_bound(n_correct, slack, accepted):
    assert is_accepted(n_correct, 100, 1000, slack) is accepted


def screened(counts, first, wanted, limit):
    asked = []

    def count(sets):
        asked.append(len(sets))
        return [counts[channels[0]] for channels in sets]

    rows = list(screen(lambda number: [number], count, lambda n_correct: n_correct <= 5, first, wanted, limit))
    return rows, asked


def test_screening_takes_draws_in_order_and_stops_at_the_wanted_number():
    counts = [9, 5, 9, 1, 9, 9, 2, 0, 0, 0]
    rows, asked = screened(counts, first=0, wanted=3, limit=10)
    assert [row["draw"] for row in rows] == [0, 1, 2, 3, 4, 5, 6]
    assert [row["draw"] for row in rows if row["accepted"]] == [1, 3, 6]
    assert [row["n_correct"] for row in rows] == counts[:7]
    assert asked == [3, 2, 1, 1]  # never a draw past the last one needed


def test_screening_goes_on_where_the_trials_before_stopped():
    counts = [9, 5, 9, 1, 9, 9, 2, 0, 0, 0]
    whole, _ = screened(counts, first=0, wanted=4, limit=10)
    begun, _ = screened(counts, first=0, wanted=2, limit=10)
    more, _ = screened(counts, first=begun[-1]["draw"] + 1, wanted=2, limit=10)
    assert begun + more == whole


def test_screening_gives_up_at_the_limit():
    rows, _ = screened([9] * 10, first=0, wanted=3, limit=7)
    assert [row["draw"] for row in rows] == list(range(7)) and not any(row["accepted"] for row in rows)
