"""Responses to magnified images against plain forward passes with hooks."""

from functools import partial

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import functional as F

from conftest import blocks_of, randomized
from scalestream.criteria import measurement
from scalestream.errors import InputError
from scalestream.run.checkpoint import Checkpoint
from scalestream.study.responses import STIMULI, Stimulus, measure, scaled, shrunk

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def noise(seed: int, side: int = 64) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, size=(side, side, 3), dtype=np.uint8)


@pytest.mark.parametrize(("factor", "side"), [(0.5, 32), (0.595, 38), (0.99, 63)])
def test_a_shrunk_image_lies_in_the_middle_of_its_mean_colour(factor, side):
    image = noise(0)
    found = np.asarray(shrunk(Image.fromarray(image), factor))
    left = (64 - side) // 2
    inside = np.zeros((64, 64), dtype=bool)
    inside[left : left + side, left : left + side] = True
    assert found.shape == image.shape
    assert (found[~inside] == image.reshape(-1, 3).mean(axis=0).round()).all()
    assert np.array_equal(found[inside], np.asarray(F.resize(Image.fromarray(image), [side, side])).reshape(-1, 3))


def test_a_magnified_image_is_cropped_and_one_as_it_is_stays_so():
    image = Image.fromarray(noise(0))
    inputs = F.normalize(F.to_tensor(image), MEAN, STD)
    assert torch.equal(scaled(image, 1), inputs)
    torch.testing.assert_close(scaled(image, 2), F.resize(F.center_crop(inputs, 32), [64, 64]))
    assert torch.equal(scaled(image, 0.5), F.normalize(F.to_tensor(shrunk(image, 0.5)), MEAN, STD))


def test_an_image_shrinks_about_a_pixel_into_its_mean_colour():
    image = Image.fromarray(noise(0))
    inputs = F.normalize(F.to_tensor(image), MEAN, STD)
    found = scaled(image, 0.5, about=20)
    torch.testing.assert_close(found[:, 20, 20], inputs[:, 20, 20])
    torch.testing.assert_close(found[:, 60, 60], inputs.mean(dim=(1, 2)))
    assert torch.equal(scaled(image, 1, about=20), inputs)


def plain(network, block, inputs) -> dict[str, np.ndarray]:
    """In, Pre and Post of all channels at the center, of a plain forward pass of the whole network."""
    found = {}
    stage, index = map(int, block.split("."))
    module = getattr(network, f"layer{stage}")[index]

    def keep(name):
        return lambda module, inputs, output: found.update({name: output.clone()})

    source = module.downsample[1] if index == 0 else getattr(network, f"layer{stage}")[index - 1]
    hooks = [
        source.register_forward_hook(keep("in")),
        module.bn2.register_forward_hook(keep("pre")),
        module.register_forward_hook(keep("post")),
    ]
    network(inputs[None])
    for hook in hooks:
        hook.remove()
    return {name: maps[0, :, maps.shape[2] // 2, maps.shape[3] // 2].numpy() for name, maps in found.items()}


@pytest.mark.parametrize(
    ("architecture", "block"), [("small", "1.1"), ("small", "2.1"), ("small", "3.0"), ("resnet18", "2.1"), ("resnet18", "4.0")]
)
def test_responses_are_those_of_plain_passes(architecture, block, double_precision):
    """In single precision a batch rounds otherwise than an image alone, on some processors by more than 1e-5."""
    network, factors = randomized(architecture, 12).double(), [0.5, 1, 2]
    stimuli = [Stimulus(number, "In", "image", number + 1, partial(noise, number)) for number in range(9)]
    stimuli += [Stimulus(number % 16, "Pre", "visualization", None, partial(noise, number)) for number in range(9, STIMULI + 2)]
    rows = list(measure(network, blocks_of(architecture)[block], stimuli, factors))
    assert [(row["channel"], row["source"], row["stimulus"], row["rank"], row["magnification"]) for row in rows] == [
        (stimulus.channel, stimulus.source, stimulus.kind, stimulus.rank, factor) for stimulus in stimuli for factor in factors
    ]
    for row, (stimulus, factor) in zip(rows, ((stimulus, factor) for stimulus in stimuli for factor in factors)):
        expected = plain(network, block, scaled(Image.fromarray(stimulus.open()), factor).double())
        found = {name: row[name] for name in ("in", "pre", "post")}
        assert found == pytest.approx(
            {name: values[stimulus.channel] for name, values in expected.items()}, rel=1e-9, abs=1e-12
        )
        assert row["post"] >= 0


@pytest.mark.parametrize("about", ["image", "neuron"])
def test_the_criterions_terms_are_among_them(small, about):
    block = blocks_of("small")["3.0"]
    x_in = [noise(channel) for channel in range(block.channels)]
    criterions = measurement.measure(small, block, block.input, x_in, x_in, about=about)
    stimuli = [Stimulus(channel, "In", "visualization", None, partial(noise, channel)) for channel in range(block.channels)]
    rows = list(measure(small, block, stimuli, [1, 2], about=about))
    for answers, found in ((criterions.x_in, rows[::2]), (criterions.x_in_scaled, rows[1::2])):
        assert [row["pre"] for row in found] == pytest.approx(answers.pre.diagonal().tolist(), rel=1e-5, abs=1e-6)


def test_a_killed_measurement_goes_on_where_it_was(small, tmp_path, monkeypatch):
    monkeypatch.setattr("scalestream.run.checkpoint.INTERVAL", 0)
    opened = []
    stimuli = [
        Stimulus(number % 16, "In", "image", 1, lambda number=number: opened.append(number) or noise(number))
        for number in range(3 * STIMULI)
    ]

    def rows(checkpoint, batches=3):
        stopping = lambda items, **_: (item for item, _ in zip(items, range(batches)))
        return list(measure(small, blocks_of("small")["2.1"], stimuli, [1, 2], stopping, checkpoint))

    whole = rows(Checkpoint())
    with pytest.raises(ValueError):  # fewer responses than stimuli
        rows(Checkpoint(tmp_path / "out", {}), batches=2)
    opened.clear()
    assert rows(Checkpoint(tmp_path / "out", {})) == whole and opened == list(range(2 * STIMULI, 3 * STIMULI))


def test_a_response_that_is_not_finite_names_the_channel():
    network = randomized("small", 12)
    network.layer2[1].bn2.weight[7] = float("nan")
    stimuli = [Stimulus(channel, "In", "image", 1, partial(noise, 0)) for channel in (6, 7)]
    with pytest.raises(InputError, match="block 2.1, channel 7: the activation at In or Pre is not finite"):
        list(measure(network, blocks_of("small")["2.1"], stimuli, [1]))
