"""What channels answer to each other's visualizations, against plain forward passes."""

import numpy as np
import pyarrow as pa
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn
from torchvision import transforms

from conftest import blocks_of, enlivened, randomized
from scalestream.criteria.evaluation import evaluate
from scalestream.criteria.measurement import measure
from scalestream.criteria.responses import Responses
from scalestream.criteria.rewiring import passes
from scalestream.criteria.tables import RESPONSES_TO_VISUALIZATIONS
from scalestream.errors import InputError
from scalestream.networks.architectures import description
from scalestream.networks.discovery import find_blocks
from scalestream.networks.tracing import trace

PLAIN = transforms.Compose([transforms.ToTensor(), transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])])


def noise(count: int, side: int, seed: int) -> list[np.ndarray]:
    return list(np.random.default_rng(seed).integers(0, 256, (count, side, side, 3), dtype=np.uint8))


def centers(network, layers: list[str], inputs: torch.Tensor) -> dict[str, np.ndarray]:
    """(C,) by layer in a plain forward pass of one image."""
    kept = {}
    hooks = [
        network.get_submodule(layer).register_forward_hook(lambda _m, _i, out, layer=layer: kept.update({layer: out.clone()}))
        for layer in layers
    ]
    network(inputs[None])
    for hook in hooks:
        hook.remove()
    return {layer: maps[0, :, maps.shape[2] // 2, maps.shape[3] // 2].numpy() for layer, maps in kept.items()}


@pytest.mark.parametrize("name", ["1.1", "2.0", "2.0-2.1"])
def test_responses_equal_plain_forward_passes(name):
    """Of a pair of blocks, too, whose Pre is not added to its In."""
    network, described = randomized("small", 12), description("small")
    block = described.by_name[name]
    bypass = described.bypass(block)
    assert (bypass == block.input) != ("-" in name)
    x_in, x_pre = noise(block.channels, 48, 0), noise(block.channels, 48, 1)
    magnified = transforms.Compose([PLAIN, transforms.CenterCrop(24), transforms.Resize(48)])
    found = measure(network, block, bypass, x_in, x_pre)
    to_x, to_scaled, to_y = (
        [centers(network, [*block.layers.values(), bypass], transform(Image.fromarray(image))) for image in images]
        for images, transform in ((x_in, PLAIN), (x_in, magnified), (x_pre, PLAIN))
    )
    for answers, expected in ((found.x_in, to_x), (found.x_in_scaled, to_scaled), (found.x_pre, to_y)):
        for matrix, layer in zip(answers, block.layers.values()):
            np.testing.assert_allclose(matrix, [row[layer] for row in expected], rtol=1e-4, atol=1e-5)
    for c in range(block.channels):
        for other in range(block.channels):
            post_in = max(to_x[c][bypass][c] + to_x[c][block.pre][other], 0)
            post_pre = max(to_y[other][bypass][c] + to_y[other][block.pre][other], 0)
            assert found.x_in.rewired[c, other] == pytest.approx(post_in, rel=1e-4, abs=1e-5)
            assert found.x_pre.rewired[other, c] == pytest.approx(post_pre, rel=1e-4, abs=1e-5)

    terms = [
        (to_x[c][block.pre][c], to_scaled[c][block.pre][c], to_x[c][block.post][c], to_y[c][block.post][c])
        for c in range(block.channels)
    ]
    rows = list(evaluate(block.name, found, 1.5))
    assert [(row["block"], row["channel"]) for row in rows] == [(name, c) for c in range(block.channels)]
    judged = [[row[term] for term in ("pre_in", "pre_in_scaled", "post_in", "post_pre")] for row in rows]
    np.testing.assert_allclose(judged, terms, rtol=1e-4, atol=1e-5)


def test_a_table_gives_back_the_responses(small):
    block = blocks_of("small")["1.1"]
    found = measure(small, block, block.input, noise(16, 48, 0), noise(16, 48, 1), magnification=2.5)
    rows = list(found.rows("1.1", 3))
    table = pa.Table.from_pylist(rows[::-1], schema=RESPONSES_TO_VISUALIZATIONS)
    table.validate(full=True)
    again = Responses.from_table(table)
    assert again.magnification == 2.5 and set(table["seed"].to_pylist()) == {3}
    for name in ("x_in", "x_in_scaled", "x_pre"):
        for one, other in zip(getattr(found, name), getattr(again, name), strict=True):
            assert np.array_equal(one, other) or one is other is None
    assert np.array_equal(found.gains, again.gains)


class Activated(nn.Module):
    """A residual network of one block, whose sum goes through an activation."""

    def __init__(self, activation: nn.Module):
        super().__init__()
        self.stem, self.conv, self.norm = nn.Conv2d(3, 4, 3, 2, 1), nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.end, self.fc = activation, nn.Linear(4, 2)

    def forward(self, images):
        maps = self.stem(images)
        return self.fc(self.end(self.norm(self.conv(maps)) + maps).mean((2, 3)))


def prelu() -> nn.PReLU:
    activation = nn.PReLU(4)
    activation.weight.data = torch.tensor([-2.0, 0.1, 0.5, 3.0])
    return activation


@pytest.mark.parametrize(
    "activation",
    [nn.ReLU(inplace=True), nn.SiLU(), nn.GELU(), prelu(), nn.Identity()],
    ids=lambda module: type(module).__name__,
)
def test_rewired_blocks_have_the_networks_activation(activation):
    """That of each channel, or ReLU where the network goes on with the sum."""
    torch.manual_seed(0)
    network = enlivened(Activated(activation).eval())
    (block,), _ = find_blocks(trace(network), 24)
    assert block.is_linear == isinstance(activation, nn.Identity)
    x_in, x_pre = noise(4, 24, 0), noise(4, 24, 1)
    found = measure(network, block, block.input, x_in, x_pre)
    applied = F.relu if block.is_linear else activation
    for c in range(4):
        for other in range(4):
            at_in, pre = torch.tensor(found.x_in.at_in[c]), torch.tensor(found.x_in.pre[c])
            summed = torch.zeros(1, 4, 1, 1)
            summed[0, c] = at_in[c] + pre[other]
            assert found.x_in.rewired[c, other] == pytest.approx(float(applied(summed)[0, c]), rel=1e-5, abs=1e-7)
            at_in, pre = torch.tensor(found.x_pre.at_in[other]), torch.tensor(found.x_pre.pre[other])
            summed = torch.zeros(1, 4, 1, 1)
            summed[0, c] = at_in[c] + pre[other]
            assert found.x_pre.rewired[other, c] == pytest.approx(float(applied(summed)[0, c]), rel=1e-5, abs=1e-7)
    for answers in (found.x_in, found.x_pre):
        assert np.array_equal(answers.rewired.diagonal(), answers.post.diagonal())
    for tolerance in (1.5, 3, 30):
        verdicts = [row["passes"] for row in evaluate(block.name, found, tolerance)]
        assert passes(found, tolerance).both.diagonal().tolist() == verdicts


def test_about_the_neuron_a_crop_about_its_pixel_is_magnified():
    """Row 48 of 112 in block 3.0, by Pillow: what is drawn at row i comes from 48 + (i - 48) / 2."""
    network, block = randomized("small", 12), blocks_of("small")["3.0"]
    x_in = noise(block.channels, 112, 0)
    found = measure(network, block, block.input, x_in, x_in, about="neuron")
    start = 48.5 - 48.5 / 2
    for channel in (0, 9):
        colours = PLAIN(Image.fromarray(x_in[channel])).numpy()
        box = (start, start, start + 56, start + 56)
        magnified = [
            np.asarray(Image.fromarray(colour).resize((112, 112), Image.Resampling.BILINEAR, box)) for colour in colours
        ]
        expected = centers(network, [block.pre], torch.from_numpy(np.stack(magnified)))[block.pre]
        np.testing.assert_allclose(found.x_in_scaled.pre[channel], expected, rtol=1e-3, atol=1e-4)
    about_the_image = measure(network, block, block.input, x_in, x_in)
    assert np.array_equal(about_the_image.x_in.pre, found.x_in.pre)
    assert not np.allclose(about_the_image.x_in_scaled.pre, found.x_in_scaled.pre, atol=0.01)


def test_an_activation_that_is_not_finite_names_the_channel(small):
    network, block = randomized("small", 12), blocks_of("small")["1.1"]
    network.get_submodule(block.pre).bias.data[5] = float("nan")
    with pytest.raises(
        InputError, match="block 1.1, channel 5: layer1.1.bn2 is nan for the visualization of channel 0; check the"
    ):
        measure(network, block, block.input, noise(16, 32, 0), noise(16, 32, 1))
