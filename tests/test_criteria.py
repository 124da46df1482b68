"""Equations 1 and 2 on numbers worked out by hand, and against plain forward passes."""

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from torchvision import transforms

from conftest import randomized
from scalestream import tables
from scalestream.architectures import blocks
from scalestream.criteria import Thresholds, evaluate, passing_channels
from scalestream.errors import InputError
from scalestream.verdicts import judge, post_is_invariant, post_ratio


@pytest.mark.parametrize(("pre_in", "pre_in_scaled", "grows"), [
    (1.0, 2.0, True),
    (2.0, 1.0, False),
    (1.0, 1.0, False),      # strict
    (-1.0, 0.5, True),
    (-1.0, -0.5, False),    # grows, but not in the positive domain
    (-1.0, 0.0, False),     # ReLU(-1) = 0 is not below 0
    (0.0, 1e-6, True),
])
def test_equation_1(pre_in, pre_in_scaled, grows):
    found = judge("2.1", 0, pre_in, pre_in_scaled, 1.0, 1.0, tolerance=1.5)
    assert found["gain_passes"] is grows and found["gain"] == pre_in_scaled - max(pre_in, 0)


@pytest.mark.parametrize(("post_in", "post_pre", "ratio", "invariant"), [
    (1.0, 1.0, 1.0, True),
    (3.0, 2.0, 1.5, False),   # both bounds are strict
    (2.0, 3.0, 2 / 3, False),
    (2.99, 2.0, 1.495, True),
    (2.01, 3.0, 0.67, True),
    (9.0, 1.0, 9.0, False),
    (0.0, 1.0, None, False),
    (1.0, 0.0, None, False),
    (0.0, 0.0, None, False),
    (-1.0, -1.0, None, False),
])
def test_equation_2(post_in, post_pre, ratio, invariant):
    found = post_ratio(post_in, post_pre)
    assert found == (None if ratio is None else pytest.approx(ratio))
    assert post_is_invariant(found, 1.5) is invariant


def test_both_must_hold():
    def verdict(*terms):
        row = judge("2.1", 7, *terms, tolerance=1.5)
        return row["gain_passes"], row["ratio_passes"], row["passes"]

    assert verdict(1.0, 2.0, 1.0, 1.2) == (True, True, True)
    assert verdict(2.0, 1.0, 1.0, 1.2) == (False, True, False)
    assert verdict(1.0, 2.0, 5.0, 1.2) == (True, False, False)
    assert verdict(1.0, 2.0, 0.0, 1.2) == (True, False, False)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_an_activation_that_is_not_finite_names_the_channel(value):
    with pytest.raises(InputError, match=f"block 2.1, channel 7: post_in is {value}"):
        judge("2.1", 7, 1.0, 2.0, value, 1.0, tolerance=1.5)


@pytest.mark.parametrize("name", ["1.1", "2.0"])
def test_terms_equal_plain_forward_passes(name):
    network, block = randomized("small", 12), blocks("small")[name]
    rng = np.random.default_rng(0)
    x_in, x_pre = (rng.integers(0, 256, (block.channels, 48, 48, 3), dtype=np.uint8) for _ in range(2))
    plain = transforms.Compose([transforms.ToTensor(), transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])])
    magnified = transforms.Compose([transforms.CenterCrop(24), transforms.Resize(48), plain])
    kept = {}
    for layer in (block.pre, block.post):
        network.get_submodule(layer).register_forward_hook(lambda _m, _i, out, layer=layer: kept.update({layer: out.clone()}))

    def activation(image, transform, layer, channel):
        network(transform(Image.fromarray(image))[None])
        maps = kept[layer]
        return float(maps[0, channel, maps.shape[2] // 2, maps.shape[3] // 2])

    rows = evaluate(network, block, list(x_in), list(x_pre), Thresholds())
    assert [row["channel"] for row in rows] == list(range(block.channels))
    for channel in (0, 5, block.channels - 1):
        expected = {"pre_in": activation(x_in[channel], plain, block.pre, channel),
                    "pre_in_scaled": activation(x_in[channel], magnified, block.pre, channel),
                    "post_in": activation(x_in[channel], plain, block.post, channel),
                    "post_pre": activation(x_pre[channel], plain, block.post, channel)}
        assert {key: rows[channel][key] for key in expected} == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_passing_channels_of_a_block():
    rows = [judge("2.1", channel, 1.0, gain, 1.0, 1.0, 1.5) | {"in_stuck": False, "seed": 0}
            for channel, gain in ((3, 2.0), (1, 2.0), (2, 0.5))]
    assert passing_channels(pa.Table.from_pylist(rows, schema=tables.CRITERIA)) == [1, 3]
