"""The terms of equations 1 and 2 against plain forward passes."""

import numpy as np
import pytest
from PIL import Image
from torchvision import transforms

from conftest import blocks_of, randomized
from scalestream.criteria.evaluation import Thresholds, evaluate


@pytest.mark.parametrize("name", ["1.1", "2.0"])
def test_terms_equal_plain_forward_passes(name):
    network, block = randomized("small", 12), blocks_of("small")[name]
    rng = np.random.default_rng(0)
    x_in, x_pre = (rng.integers(0, 256, (block.channels, 48, 48, 3), dtype=np.uint8) for _ in range(2))
    plain = transforms.Compose([transforms.ToTensor(), transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])])
    magnified = transforms.Compose([plain, transforms.CenterCrop(24), transforms.Resize(48)])
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
        expected = {
            "pre_in": activation(x_in[channel], plain, block.pre, channel),
            "pre_in_scaled": activation(x_in[channel], magnified, block.pre, channel),
            "post_in": activation(x_in[channel], plain, block.post, channel),
            "post_pre": activation(x_pre[channel], plain, block.post, channel),
        }
        assert {key: rows[channel][key] for key in expected} == pytest.approx(expected, rel=1e-4, abs=1e-5)
