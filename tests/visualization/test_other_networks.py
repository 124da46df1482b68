"""The batched visualization of other networks than the paper's against Lucent's own, in double precision."""

from collections import OrderedDict

import numpy as np
import pytest
import torch
from test_visualize import climb, optimization
from torch import nn

import plain_lucent
from conftest import randomized
from scalestream.networks.discovery import find_blocks
from scalestream.networks.graph import cut_after
from scalestream.networks.tracing import trace

pytestmark = pytest.mark.long

# In, Pre and Post, each of some block, with jitters as by receptive field.
LAYERS = {
    "resnet50": [("1.0", "In", 0), ("2.1", "Pre", 0), ("3.0", "Post", 4)],
    "resnext50_32x4d": [("1.1", "In", 0), ("2.0", "Pre", 0), ("3.0", "Post", 4)],
    "wide_resnet50_2": [("1.0", "In", 0), ("1.1", "Pre", 0), ("2.0", "Post", 0)],
    "cornet_s": [("V2.t0", "In", 0), ("V2.t1", "Pre", 0), ("V4.t1", "Post", 4)],
    "timm:seresnet50": [("1.0", "In", 0), ("1.1", "Pre", 16), ("2.1", "Post", 16)],
    "timm:resnet50d": [("2.0", "In", 0), ("1.0", "Pre", 0), ("2.0", "Post", 4)],
    "timm:resnetv2_50": [("stages.1.blocks.0", "In", 0), ("stages.0.blocks.1", "Pre", 0), ("stages.2.blocks.0", "Post", 4)],
    "timm:regnety_004": [("s1.b1", "In", 0), ("s3.b2", "Pre", 16), ("s4.b6", "Post", 16)],
}


def up_to(module: nn.Module, path: list[str]) -> nn.Sequential:
    """The layers of a network, with their names, up to the block at the path: what Lucent needs to run of it."""
    first, *rest = path
    children = OrderedDict()
    for name, child in module.named_children():
        children[name] = up_to(child, rest) if name == first and rest else child
        if name == first:
            break
    return nn.Sequential(children)


@pytest.mark.parametrize(("name", "which"), [(name, which) for name, several in LAYERS.items() for which in several])
def test_layers_of_other_networks_equal_render_vis(double_precision, name, which):
    network = randomized(name, 10).double()
    block_name, column, jitter = which
    block = next(block for block in find_blocks(trace(network), 224)[0] if block.name == block_name)
    layer, settings = block.layers[column], optimization(jitter, steps=10)
    at_grey = cut_after(network, layer)(torch.zeros(1, 3, 224, 224))
    channel = int(at_grey[0, :, at_grey.shape[2] // 2, at_grey.shape[3] // 2].argmax())  # one that is not silent
    plain = plain_lucent.visualize(up_to(network, block.stream.split(".")), layer, channel, "neuron", settings)
    (image,), objective = climb(network, layer, [channel], "neuron", settings)
    np.testing.assert_allclose(image, plain.image, rtol=0, atol=1e-9)
    np.testing.assert_allclose(objective[:, 0], plain.trace, rtol=1e-9, atol=1e-9)
    assert objective[-1, 0] > objective[0, 0]


@pytest.mark.parametrize("name", LAYERS)
def test_the_layers_that_lucent_runs_are_the_networks(double_precision, name):
    """Up to the block, they make what the block makes in a plain forward pass of the whole network."""
    network, kept = randomized(name, 10).double(), {}
    images = torch.randn(1, 3, 64, 64)
    chosen = [block_name for block_name, *_ in LAYERS[name]]
    for block in find_blocks(trace(network), 224)[0]:
        if block.name in chosen:
            module = network.get_submodule(block.stream)
            handle = module.register_forward_hook(lambda _module, _inputs, output: kept.update(map=output.clone()))
            network(images)
            handle.remove()
            assert torch.equal(up_to(network, block.stream.split("."))(images), kept.pop("map"))
