"""Blocks and layers of the networks, against torchvision's modules and the paper."""

import pytest
from torchvision.models import resnet18

from conftest import blocks_of, layers_of
from scalestream.errors import InputError
from scalestream.networks.architectures import description


def test_layers_of_the_paper():
    layers = layers_of("resnet18")
    assert list(blocks_of("resnet18")) == ["1.1", "2.0", "2.1", "3.0", "3.1", "4.0", "4.1"]
    assert len(layers) == 18 and sum(layers.values()) == 4672
    assert list(layers)[:5] == ["layer1.0", "layer1.1.bn2", "layer1.1", "layer2.0.downsample.1", "layer2.0.bn2"]
    assert blocks_of("resnet18")["2.1"].layers == {"In": "layer2.0", "Pre": "layer2.1.bn2", "Post": "layer2.1"}
    for layer, channels in layers.items():
        module = resnet18().get_submodule(layer)
        assert channels == getattr(module, "bn2", module).num_features


def test_an_unknown_block_is_named_with_those_there_are():
    with pytest.raises(InputError, match=r"blocks: small has no block '1\.0'; it has 1\.1, 2\.0"):
        description("small").select(["2.1", "1.0"], "blocks")
