"""The batched visualization against Lucent's own, one channel at a time."""

from copy import deepcopy
from dataclasses import replace
from unittest import mock

import numpy as np
import pytest
import torch
from lucent.optvis import objectives, param, render, transform
from lucent.optvis.param import color
from torch import nn
from torchvision.transforms import CenterCrop

from conftest import randomized
from scalestream import network as networks
from scalestream.errors import InputError
from scalestream.preprocessing import normalize, to_tensor
from scalestream.transforms import Robustness, draw
from scalestream.visualization import Optimization, center_activations, decode_png, encode_png, start, visualize

SCALES, ANGLES = (1, 0.975, 1.025, 0.95, 1.05), tuple(range(-5, 6))


def optimization(jitter: int, steps: int, size: int = 224, seed: int = 0) -> Optimization:
    return Optimization(size=size, steps=steps, learning_rate=0.05, sd=0.01, seed=seed,
                        robustness=Robustness(jitter, SCALES, ANGLES))


class Clone(nn.Module):
    def forward(self, x):
        return x.clone()


@pytest.fixture
def double_precision(monkeypatch):
    """Everything in float64, Lucent too, so that two ways of computing the same give the same 8-bit image.

    In float32 the rounding of a gradient that is nearly zero can turn a step of Adam round, and images drift apart."""
    monkeypatch.setattr(torch.Tensor, "float", torch.Tensor.double)
    monkeypatch.setattr("lucent.optvis.param.color.color_correlation_normalized",
                        color.color_correlation_normalized.astype(np.float64))
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def for_lucent(network, layer: str) -> str:
    """Lucent's name of the layer.

    torchvision adds In to the output of bn2 in place, so a hook there reads Post. To let Lucent see Pre, the batch norm is
    followed by a copy, and Lucent is pointed at the batch norm alone.
    """
    if not layer.endswith("bn2"):
        return layer.replace(".", "_")
    block = network.get_submodule(layer.rpartition(".")[0])
    block.bn2 = nn.Sequential(block.bn2, Clone())
    return layer.replace(".", "_") + "_0"


def lucent_image(network, layer: str, channel: int, objective: str, settings: Optimization) -> np.ndarray:
    """Plain Lucent's image (S, S, 3) of one channel, from the same noise and with the same drawn transforms."""
    noise, draws = start(layer, channel, settings)
    jitter = settings.robustness.jitter
    sequence = []
    for step in range(settings.steps):
        sequence += [*draws.first[step]] if jitter else []
        sequence += [draws.scale[step], draws.angle[step]]
        sequence += [*draws.second[step]] if jitter else []
    transforms = [transform.random_scale(SCALES), transform.random_rotate(ANGLES)]
    if jitter:
        transforms = [transform.pad(jitter), transform.jitter(jitter), *transforms, transform.jitter(jitter // 2),
                      CenterCrop(settings.size)]

    def image():
        params, image_f = param.image(settings.size, sd=settings.sd)
        params[0].data.copy_(noise[None])
        return params, image_f

    network = deepcopy(network)
    objective_f = getattr(objectives, objective)(for_lucent(network, layer), channel)
    drawn = iter(sequence)
    with mock.patch("numpy.random.choice", lambda options: next(drawn)):
        images = render.render_vis(network, objective_f, param_f=image, transforms=transforms,
                                   thresholds=(settings.steps,), show_image=False, progress=False)
    assert next(drawn, None) is None
    return (images[0][0] * 255).astype(np.uint8)


@pytest.mark.parametrize("objective", ["neuron", "channel"])
@pytest.mark.parametrize(("layer", "jitter"), [
    ("layer1.1.bn2", 0),           # sizes vary from step to step
    ("layer2.0", 0),
    ("layer2.0.downsample.1", 4),
    ("layer2.1.bn2", 4),
    ("layer3.1", 16),              # even map, 14 x 14
    ("layer4.1.bn2", 16),          # odd map, 7 x 7
])
def test_a_batch_equals_one_render_vis_per_channel(double_precision, layer, jitter, objective):
    network, settings, channels = randomized("small", 12), optimization(jitter, steps=10), [1, 6, 11]
    ours = visualize(network, layer, channels, objective, settings)
    for channel, found in zip(channels, ours, strict=True):
        assert found.channel == channel
        assert np.array_equal(found.image, lucent_image(network, layer, channel, objective, settings))


@pytest.mark.parametrize(("layer", "jitter"), [("layer1.1.bn2", 0), ("layer2.1.bn2", 4), ("layer3.1", 16)])
def test_in_single_precision_8_bit_images_differ_by_a_level_at_most(layer, jitter):
    network, settings, channels = networks.resolve("small", "embedded"), optimization(jitter, steps=5), [2, 7]
    for channel, found in zip(channels, visualize(network, layer, channels, "neuron", settings), strict=True):
        levels = np.abs(found.image.astype(int) - lucent_image(network, layer, channel, "neuron", settings))
        assert (levels <= 1).mean() >= 0.99


def test_the_comparison_would_see_a_wrong_transform(small):
    """The oracle test has power: the same noise with the angles negated gives visibly another image."""
    settings = optimization(16, steps=12)

    def mirrored(layer, channel, settings):
        noise, draws = start(layer, channel, settings)
        return noise, replace(draws, angle=-draws.angle)

    with mock.patch("scalestream.visualization.start", mirrored):
        (ours,) = visualize(small, "layer3.1", [1], "neuron", settings)
    levels = np.abs(ours.image.astype(int) - lucent_image(small, "layer3.1", 1, "neuron", settings))
    assert (levels <= 1).mean() < 0.9


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
    others = [start("layer2.1.bn2", 3, settings), start("layer2.1", 4, settings),
              start("layer2.1", 3, optimization(16, steps=4, size=32, seed=1))]
    assert all(not torch.equal(noise, other) for other, _ in others)
    assert noise.std() == pytest.approx(0.01, rel=0.05)


def test_a_longer_run_begins_with_the_transforms_of_a_shorter_one():
    robustness = Robustness(16, SCALES, ANGLES)
    short, long = (draw(robustness, steps, np.random.default_rng(0)) for steps in (5, 9))
    for name in ("first", "scale", "angle", "second"):
        assert np.array_equal(getattr(short, name), getattr(long, name)[:5])


def test_draws_cover_their_ranges_evenly():
    draws = draw(Robustness(16, SCALES, ANGLES), 20_000, np.random.default_rng(0))
    for values, options in ((draws.first[:, 0], range(16)), (draws.first[:, 1], range(16)), (draws.second[:, 0], range(8)),
                            (draws.second[:, 1], range(8)), (draws.scale, SCALES), (draws.angle, ANGLES)):
        found, counts = np.unique(values, return_counts=True)
        assert list(found) == sorted(options)
        assert counts.min() > 0.8 * 20_000 / len(options)


def test_the_stored_activation_is_that_of_the_stored_image_in_a_plain_forward_pass(small):
    settings = optimization(0, steps=20, size=64)
    (found,) = visualize(small, "layer1.1", [2], "neuron", settings)
    kept = {}
    handle = small.layer1[1].register_forward_hook(lambda _m, _i, out: kept.update(post=out.clone()))
    small(normalize(to_tensor(found.image)[None]))
    handle.remove()
    assert found.activation == pytest.approx(float(kept["post"][0, 2, 8, 8]), rel=1e-5)
    assert len(found.trace) == 20 and found.trace[-1] > found.trace[0]


def test_center_activations_do_not_depend_on_the_batch(small):
    part = networks.cut_after(small, "layer2.1.bn2")
    images = [np.random.default_rng(k).integers(0, 256, (48, 48, 3), dtype=np.uint8) for k in range(5)]
    torch.testing.assert_close(center_activations(part, images, batch_size=2), center_activations(part, images))


def test_a_channel_that_is_not_finite_is_named():
    network = randomized("small", 12)
    network.layer2[1].bn2.weight[5] = float("inf")
    with pytest.raises(InputError, match=r"layer2\.1\.bn2, channel 5: the activation is .*(inf|nan) at step 1"):
        visualize(network, "layer2.1.bn2", [4, 5, 6], "neuron", optimization(0, steps=2, size=32))


def test_a_channel_that_is_never_active_is_told_apart():
    network = randomized("small", 12)
    network.layer1[0].bn2.bias[3] = -1e3
    stuck, moving = visualize(network, "layer1.0", [3, 4], "neuron", optimization(0, steps=3, size=32))
    assert stuck.stuck and stuck.activation == 0 and not moving.stuck


def test_png_keeps_every_pixel():
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    assert np.array_equal(decode_png(encode_png(image)), image)
