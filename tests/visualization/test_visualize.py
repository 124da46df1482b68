"""The batched visualization against Lucent's own, one channel at a time."""

import logging
from copy import deepcopy
from dataclasses import replace
from unittest import mock

import numpy as np
import pytest
import torch
from lucent.optvis import param, transform

import plain_lucent
from conftest import layers_of, randomized
from scalestream.errors import InputError
from scalestream.images.preprocessing import normalize, to_tensor
from scalestream.networks.graph import cut_after
from scalestream.networks.tracing import trace
from scalestream.networks.weights import resolve
from scalestream.visualization.ascent import Ascent
from scalestream.visualization.objectives import Cosines
from scalestream.visualization.parameterization import FourierImages
from scalestream.visualization.transforms import TransformSettings, together
from scalestream.visualization.visualize import Optimization, start, to_8bit, visualize

SCALES, ANGLES = (1, 0.975, 1.025, 0.95, 1.05), tuple(range(-5, 6))


def optimization(jitter: int, steps: int, size: int = 224, seed: int = 0) -> Optimization:
    return Optimization(
        size=size,
        steps=steps,
        learning_rate=0.05,
        sd=0.01,
        seed=seed,
        transform_settings=TransformSettings(jitter, SCALES, ANGLES),
    )


def climb(network, layer: str, channels: list[int], objective: str, settings: Optimization, head=None):
    """Our images (N, S, S, 3) in 0..1 and objective by step (steps, N), before anything is rounded."""
    part, transform_settings = cut_after(network, layer), settings.transform_settings
    ascent = Ascent(part, layer, objective, settings.size, transform_settings, settings.learning_rate, head=head)
    noise, draws = zip(*(start(layer, channel, settings) for channel in channels))
    images, trace = ascent.run(channels, torch.stack(noise), together(draws))
    return images.permute(0, 2, 3, 1).cpu().numpy(), trace.cpu().numpy()


def center_activation(network, layer: str, channel: int, image: np.ndarray) -> float:
    """The channel's center neuron in a plain forward pass over an image (S, S, 3)."""
    part = cut_after(network, layer)
    with torch.no_grad():
        maps = part(normalize(torch.from_numpy(image.transpose(2, 0, 1))[None]))
    return float(maps[0, channel, maps.shape[2] // 2, maps.shape[3] // 2])


def assert_equals_plain_lucent(network, layer: str, channels: list[int], objective: str, settings: Optimization) -> None:
    images, trace = climb(network, layer, channels, objective, settings)
    for k, channel in enumerate(channels):
        plain = plain_lucent.visualize(network, layer, channel, objective, settings)
        np.testing.assert_allclose(images[k], plain.image, rtol=0, atol=1e-9)
        np.testing.assert_allclose(trace[:, k], plain.trace, rtol=1e-9, atol=1e-9)
        assert center_activation(network, layer, channel, images[k]) == pytest.approx(
            center_activation(network, layer, channel, plain.image), rel=1e-9, abs=1e-9
        )


@pytest.mark.parametrize(("layer", "jitter"), [("layer2.1.bn2", 4), ("layer3.1", 16)])
def test_a_direction_equals_lucents_own_objective(double_precision, layer, jitter):
    """The cosine of the center neuron's activations with the direction, of either sign, before and behind a ReLU."""
    network, settings = randomized("small", 12), optimization(jitter, steps=10)
    directions = torch.randn(3, layers_of("small")[layer], generator=torch.Generator().manual_seed(2))
    images, trace = climb(network, layer, [0, 2], "neuron", settings, Cosines(directions))
    for k, number in enumerate((0, 2)):
        plain = plain_lucent.visualize(network, layer, number, "direction_neuron", settings, directions[number])
        np.testing.assert_allclose(images[k], plain.image, rtol=0, atol=1e-9)
        np.testing.assert_allclose(trace[:, k], plain.trace, rtol=1e-9, atol=1e-9)


def test_a_finished_direction_has_its_cosine_for_activation(small):
    layer, settings = "layer2.1", optimization(4, steps=3)
    directions = torch.rand(2, layers_of("small")[layer], generator=torch.Generator().manual_seed(2))
    (first,) = visualize(small, layer, [1], "neuron", settings, head=Cosines(directions))
    maps = cut_after(small, layer)(normalize(to_tensor(first.image)[None]))
    middle = maps[0, :, maps.shape[2] // 2, maps.shape[3] // 2]
    assert first.activation == pytest.approx(float(torch.cosine_similarity(middle, directions[1], dim=0)), rel=1e-5)


PAPER_JITTER = {
    "layer1.0": 0,
    "layer1.1.bn2": 0,
    "layer1.1": 0,
    "layer2.0.downsample.1": 0,
    "layer2.0.bn2": 0,
    "layer2.0": 0,
    "layer2.1.bn2": 4,
    "layer3.0.downsample.1": 4,
    "layer3.0.bn2": 4,
    "layer3.0": 4,
}


@pytest.mark.parametrize("layer", layers_of("resnet18"))
def test_every_analysed_layer_of_resnet18_equals_render_vis(double_precision, layer):
    """The paper's sizes and jitter: 224 pixels, maps of 56 x 56 to 7 x 7."""
    settings = optimization(PAPER_JITTER.get(layer, 16), steps=5)
    assert_equals_plain_lucent(randomized("resnet18", 10), layer, [5, 12], "neuron", settings)


@pytest.mark.parametrize("objective", ["neuron", "channel"])
@pytest.mark.parametrize(
    ("layer", "jitter", "size"),
    [
        ("layer1.1.bn2", 0, 224),  # sizes vary from step to step
        ("layer2.0", 0, 237),
        ("layer2.0.downsample.1", 4, 224),
        ("layer2.1.bn2", 4, 225),
        ("layer3.1", 0, 224),  # the window touches the border at some sizes
        ("layer3.1", 16, 224),
        ("layer4.1", 0, 224),
        ("layer4.1.bn2", 16, 231),
    ],
)
def test_both_objectives_and_other_sizes_equal_render_vis(double_precision, layer, jitter, size, objective):
    assert_equals_plain_lucent(randomized("small", 12), layer, [1, 6, 11], objective, optimization(jitter, 6, size))


def reflecting():
    """The small network with an operation that is not known to be local: a convolution that pads by reflection."""
    network = randomized("small", 12)
    network.layer1[0].conv1.padding_mode = "reflect"
    network.layer1[0].conv1._reversed_padding_repeated_twice = [1, 1, 1, 1]
    return network


def test_a_network_run_whole_equals_render_vis(double_precision, caplog):
    """It costs speed alone."""
    network = reflecting()
    with caplog.at_level(logging.WARNING):
        for jitter in (0, 4):
            assert_equals_plain_lucent(network, "layer2.0", [3], "neuron", optimization(jitter, steps=4))
    assert "runs on whole images, as its receptive field cannot be derived: layer1_0_conv1 (Conv2d)" in caplog.text


def test_one_objective_serves_all_scales_wherever_the_windows_are_alike():
    """Then a step is the same work whatever is drawn."""
    network = randomized("resnet18", 10)
    for layer in layers_of("resnet18"):
        transform_settings = optimization(PAPER_JITTER.get(layer, 16), steps=1).transform_settings
        assert len(Ascent(cut_after(network, layer), layer, "neuron", 224, transform_settings, 0.05).objectives) == 1
    part, transform_settings = cut_after(network, "layer2.0"), optimization(0, 1).transform_settings
    sizes = Ascent(part, "layer2.0", "channel", 224, transform_settings, 0.05).objectives
    assert sorted(scale for objective in sizes for scale in objective.resampling.scales) == sorted(SCALES)
    assert len(sizes) == 4  # 0.95 and 0.975 both give 225 pixels


CHANNEL = 3
FLOAT32 = [("layer1.1.bn2", 0), ("layer2.0", 0), ("layer2.1.bn2", 4), ("layer3.1.bn2", 16), ("layer4.1.bn2", 16)]


@pytest.mark.parametrize(("layer", "jitter"), FLOAT32)
def test_in_single_precision_our_gradients_are_as_exact_as_lucents(layer, jitter):
    """At Lucent's own spectra of 50 steps, against the same in double precision.

    Whole runs cannot be compared for so long: rounding decides now and then which of two pixels a max pooling passes on,
    or on which side of zero a ReLU is, and plain Lucent's own images differ as much between one thread and two."""
    network, settings = resolve("small", "embedded"), optimization(jitter, steps=50)
    spectra, gradients = [], []

    class RecordedAdam(torch.optim.Adam):
        def step(self, closure):
            (parameter,) = self.param_groups[0]["params"]
            spectra.append(parameter.detach().clone())
            value = super().step(closure)
            gradients.append(parameter.grad.clone())
            return value

    with mock.patch("torch.optim.Adam", RecordedAdam):
        plain = plain_lucent.visualize(network, layer, CHANNEL, "neuron", settings)
    single, double = (
        Ascent(cut_after(copy, layer), layer, "neuron", settings.size, settings.transform_settings, settings.learning_rate)
        for copy in (network, deepcopy(network).double())
    )
    draws = together([start(layer, CHANNEL, settings)[1]])

    def gradient(ascent, step):
        images = FourierImages(spectra[step].to(ascent.dtype), settings.size)
        value = ascent.backward(images, torch.tensor([CHANNEL]), ascent.turns(draws)[step])
        np.testing.assert_allclose(value, plain.trace[step], rtol=1e-4, atol=1e-4)
        return images.spectra.grad

    errors = []
    for step in range(50):
        exact = gradient(double, step)
        errors.append(
            [
                float(torch.linalg.norm(found - exact) / torch.linalg.norm(exact))
                for found in (gradient(single, step), gradients[step])
            ]
        )
    ours, lucents = np.median(errors, axis=0)
    assert ours < lucents < 1e-2


@pytest.mark.parametrize(("layer", "jitter"), FLOAT32[:4])
def test_in_single_precision_the_first_8_bit_images_differ_by_a_level_at_most(layer, jitter):
    network, channels = resolve("small", "embedded"), [2, 7]
    settings = replace(optimization(jitter, steps=3), silent="lucent")
    for channel, found in zip(channels, visualize(network, layer, channels, "neuron", settings), strict=True):
        plain = (plain_lucent.visualize(network, layer, channel, "neuron", settings).image * 255).astype(np.uint8)
        assert (np.abs(found.image.astype(int) - plain) <= 1).mean() >= 0.99


def test_the_comparison_would_see_a_wrong_transform(small):
    """The oracle test has power: the same noise with the angles negated gives visibly another image."""
    settings = optimization(16, steps=12)

    def mirrored(layer, channel, settings):
        noise, draws = start(layer, channel, settings)
        return noise, replace(draws, angle=-draws.angle)

    with mock.patch("scalestream.visualization.visualize.start", mirrored):
        (ours,) = visualize(small, "layer3.1", [1], "neuron", settings)
    plain = (plain_lucent.visualize(small, "layer3.1", 1, "neuron", settings).image * 255).astype(np.uint8)
    assert (np.abs(ours.image.astype(int) - plain) <= 1).mean() < 0.9


def test_a_hook_on_the_whole_network_reads_post_in_place_of_pre():
    """Why Lucent needs the copy above: torchvision's in-place sum overwrites what the hook kept."""
    network, kept = randomized("small", 12), {}
    for name in ("layer2.1.bn2", "layer2.1"):
        network.get_submodule(name).register_forward_hook(lambda _m, _i, out, name=name: kept.update({name: out}))
    network(torch.randn(1, 3, 64, 64))
    assert torch.equal(kept["layer2.1.bn2"], kept["layer2.1"])


@pytest.mark.parametrize("jitter", [0, 8])
def test_an_image_does_not_depend_on_its_chunk_mates(double_precision, jitter):
    network, settings = randomized("small", 12), optimization(jitter, steps=10, size=64)
    together = visualize(network, "layer2.1.bn2", [0, 3, 4, 9, 20], "neuron", settings)
    (alone,) = visualize(network, "layer2.1.bn2", [4], "neuron", settings)
    assert np.array_equal(together[2].image, alone.image)
    np.testing.assert_allclose(together[2].trace, alone.trace, rtol=1e-9, atol=1e-9)


def test_noise_and_transforms_depend_on_layer_channel_and_seed_alone():
    settings = optimization(16, steps=4, size=32)
    noise, draws = start("layer2.1", 3, settings)
    again, draws_again = start("layer2.1", 3, settings)
    assert torch.equal(noise, again) and np.array_equal(draws.angle, draws_again.angle)
    others = [
        start("layer2.1.bn2", 3, settings),
        start("layer2.1", 4, settings),
        start("layer2.1", 3, optimization(16, steps=4, size=32, seed=1)),
    ]
    assert all(not torch.equal(noise, other) for other, _ in others)
    assert noise.std() == pytest.approx(0.01, rel=0.05)


def test_the_stored_activation_is_that_of_the_stored_image_in_a_plain_forward_pass(small):
    settings = optimization(0, steps=20, size=64)
    (found,) = visualize(small, "layer1.1", [2], "neuron", settings)
    kept = {}
    handle = small.layer1[1].register_forward_hook(lambda _m, _i, out: kept.update(post=out.clone()))
    small(normalize(to_tensor(found.image)[None]))
    handle.remove()
    assert found.activation == pytest.approx(float(kept["post"][0, 2, 8, 8]), rel=1e-5)
    assert len(found.trace) == 20 and found.trace[-1] > found.trace[0]


def test_a_channel_that_is_not_finite_is_named():
    network = randomized("small", 12)
    network.layer2[1].bn2.weight[5] = float("inf")
    with pytest.raises(InputError, match=r"layer2\.1\.bn2, channel 5: the activation is .*(inf|nan) at step 1"):
        visualize(network, "layer2.1.bn2", [4, 5, 6], "neuron", optimization(0, steps=2, size=32))


def test_a_value_that_is_not_finite_ends_the_run_early():
    network, seen = randomized("small", 12), []
    network.layer2[1].bn2.weight[5] = float("nan")

    def watch(items, **_):
        for step in items:
            seen.append(step)
            yield step

    with pytest.raises(InputError, match="channel 5: the activation is nan at step 1"):
        visualize(network, "layer2.1.bn2", [5], "neuron", optimization(0, steps=300, size=32), watch)
    assert len(seen) <= 100


def test_progress_is_told_how_far_each_batch_reaches(small, monkeypatch):
    monkeypatch.setattr("scalestream.visualization.ascent.CPU_BATCH", 2)
    told = []

    def watch(items, **place):
        told.append(place)
        return items

    visualize(small, "layer1.1", [4, 8, 9], "neuron", optimization(0, steps=8, size=32), watch)
    assert told == [{"before": 0, "each": 2 / 8, "steps": 8, "begin": 0}, {"before": 2, "each": 1 / 8, "steps": 8, "begin": 0}]


def test_progress_counts_channels_that_are_climbed_again_once_more(small):
    told = []

    def watch(items, **place):
        told.append(place)
        return items

    visualize(small, "layer2.0", [2, 15, 19], "neuron", optimization(4, steps=8, size=112), watch)
    assert told == [
        {"before": 0, "each": 3 / 8, "steps": 8, "begin": 0},
        {"before": 3, "each": 2 / 8, "steps": 8, "begin": 0, "more": 2},
    ]


def visualized(network, layer: str, channels: list[int], objective: str, settings: Optimization):
    """What `visualize` finds, and by channel the image (S, S, 3) in 0..1 that it stores: of the last climb."""
    with mock.patch("scalestream.visualization.visualize.to_8bit", wraps=to_8bit) as stored:
        found = visualize(network, layer, channels, objective, settings)
    climbed = [*channels, *(each.channel for each in found if each.by_sum)]
    images = [call.args[0].permute(1, 2, 0).numpy() for call in stored.call_args_list]
    return found, dict(zip(climbed, images, strict=True))


def climbed_by_sum(network, layer: str, channel: int, objective: str, settings: Optimization) -> plain_lucent.PlainRun:
    """A plain loop over Lucent's image and transforms: up the sum that the block's ReLU reads, until the channel answers."""
    network, (noise, draws) = deepcopy(network), start(layer, channel, settings)
    spectra, image = param.image(settings.size, sd=settings.sd)
    spectra[0].data.copy_(noise[None])
    transformed = transform.compose([*plain_lucent.transforms(settings), transform.normalize()])
    optimizer, block, maps, trace = torch.optim.Adam(spectra, lr=settings.learning_rate), network.get_submodule(layer), {}, []
    block.relu.register_forward_pre_hook(lambda _module, inputs: maps.update(before=inputs[0].clone()))
    block.register_forward_hook(lambda _module, _inputs, after: maps.update(after=after.clone()))

    def value(side: str) -> torch.Tensor:
        """Of the last call: the block's ReLU is called after its first convolution too."""
        own = maps[side][0, channel]
        return own[own.shape[0] // 2, own.shape[1] // 2] if objective == "neuron" else own.mean()

    sequence = plain_lucent.drawn(draws, settings.transform_settings.jitter)
    with mock.patch("numpy.random.choice", lambda options: next(sequence)):
        for _ in range(settings.steps):
            optimizer.zero_grad()
            network(transformed(image()))
            after = value("after")
            (-(value("before") if after == 0 and not any(trace) else after)).backward()
            optimizer.step()
            trace.append(float(after.detach()))
    return plain_lucent.PlainRun(image()[0].permute(1, 2, 0).detach().numpy(), np.array(trace), np.array([]))


# Of the random network in double precision; most fall silent now and then when they have answered.
SILENT = [
    ("layer2.0", 4, "neuron", [11, 15, 22]),
    ("layer2.0", 0, "neuron", [12, 16]),
    ("layer3.1", 16, "neuron", [20, 21]),
    ("layer1.1", 0, "channel", [6, 10]),  # an objective for each size
]


@pytest.mark.parametrize(("layer", "jitter", "objective", "silent"), SILENT)
def test_a_silent_channel_is_climbed_by_its_sum_and_others_are_lucents(
    double_precision, layer, jitter, objective, silent, caplog
):
    """Both in one batch."""
    network, settings = randomized("small", 12), optimization(jitter, steps=12)
    if objective == "channel":
        network.layer1[1].bn2.bias -= 1.5  # a whole map is rarely silent
    with caplog.at_level(logging.INFO):
        found, images = visualized(network, layer, [1, *silent, 3], objective, settings)
    assert [each.channel for each in found if each.started_silent] == silent
    assert f"{len(silent)} of {len(found)} channels started silent; they are climbed again" in caplog.text
    for each in found:
        plain = (climbed_by_sum if each.started_silent else plain_lucent.visualize)(
            network, layer, each.channel, objective, settings
        )
        np.testing.assert_allclose(images[each.channel], plain.image, rtol=0, atol=1e-9)
        np.testing.assert_allclose(each.trace, plain.trace, rtol=1e-9, atol=1e-9)
        assert not each.dead_gradient


def test_of_lucents_silent_channels_most_answer_when_their_sum_is_climbed(caplog):
    """And none of them does for Lucent."""
    network, settings = randomized("small", 12), optimization(4, steps=40)
    lucents = {
        each.channel: each for each in visualize(network, "layer2.0", range(24), "neuron", replace(settings, silent="lucent"))
    }
    found = visualize(network, "layer2.0", range(24), "neuron", settings)
    silent = [each for each in found if each.started_silent]
    assert len(silent) > 8 and [each.channel for each in silent] == [n for n, each in lucents.items() if each.dead_gradient]
    assert sum(each.activation > 0 for each in silent) > 0.8 * len(silent)
    for each in found:
        assert each.started_silent == (not np.array_equal(each.image, lucents[each.channel].image))


def test_a_network_run_whole_climbs_sums_too(double_precision):
    network, settings = reflecting(), optimization(4, steps=8)
    (found,), images = visualized(network, "layer2.0", [15], "neuron", settings)
    plain = climbed_by_sum(network, "layer2.0", 15, "neuron", settings)
    assert found.started_silent and found.trace.any()
    np.testing.assert_allclose(images[15], plain.image, rtol=0, atol=1e-9)


@pytest.mark.parametrize("silent", ["climb_sum", "lucent"])
def test_a_layer_without_a_relu_has_no_silent_channels(small, silent):
    found = visualize(small, "layer2.0.bn2", range(24), "neuron", replace(optimization(4, steps=2, size=64), silent=silent))
    assert not any(each.started_silent for each in found)


def test_left_to_lucent_a_silent_channel_stays_noise(double_precision):
    network, settings = randomized("small", 12), replace(optimization(4, steps=6), silent="lucent")
    (found,), images = visualized(network, "layer2.0", [15], "neuron", settings)
    plain = plain_lucent.visualize(network, "layer2.0", 15, "neuron", settings)
    np.testing.assert_allclose(images[15], plain.image, rtol=0, atol=1e-9)
    assert found.dead_gradient and found.started_silent and not plain.trace.any()


def test_a_channel_that_is_never_active_is_told_apart(caplog):
    network = randomized("small", 12)
    network.layer1[0].bn2.bias[3] = -1e3
    dead, moving = visualize(network, "layer1.0", [3, 4], "neuron", optimization(0, steps=3, size=32))
    assert dead.dead_gradient and dead.started_silent and dead.activation == 0
    assert not moving.dead_gradient and not moving.started_silent
    assert "1 of 2 channels never became active: 3" in caplog.text


def test_a_layer_is_cut_once(small):
    settings = Optimization(64, 1, 0.05, 0.01, 0, TransformSettings(0, (1,), (0,)))
    with mock.patch("scalestream.networks.graph.trace", wraps=trace) as cut:
        visualize(small, "layer2.1.bn2", [0], "neuron", settings)
    assert cut.call_count == 1
