"""The numbers of resnet18 and of the small network, in double precision, are those of the version that knew these two alone.

`unchanged.json` was made with that version (commit 6c5b17c), which cut networks by torchvision's feature extraction and split
them by their list of modules."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from conftest import blocks_of
from scalestream.ablation.ablated_network import AblatedNetwork
from scalestream.activations.extraction import extract
from scalestream.criteria.evaluation import evaluate
from scalestream.criteria.measurement import measure
from scalestream.networks.weights import build
from scalestream.visualization.transforms import TransformSettings
from scalestream.visualization.visualize import Optimization, visualize

KEPT = json.loads(Path(__file__).with_name("unchanged.json").read_text())
CHANNELS = [1, 4]


def seeded(name: str) -> torch.nn.Module:
    """The network with weights that do not depend on how it is built."""
    network = build(name, 12).double().requires_grad_(False)
    network.fc.bias.zero_()
    torch.manual_seed(0)
    for parameter in network.parameters():
        if parameter.ndim > 1:
            torch.nn.init.kaiming_normal_(parameter)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_var.uniform_(0.5, 1.5)
            torch.nn.init.normal_(module.bias, std=0.2)
    return network


def numbers(name: str, size: int) -> dict[str, list[float]]:
    """A few of every kind that the experiment computes, of block 2.1."""
    network, block = seeded(name), blocks_of(name)["2.1"]
    pictures = np.random.default_rng(0).integers(0, 256, (2, size, size, 3), dtype=np.uint8)
    images = torch.from_numpy(pictures.transpose(0, 3, 1, 2).copy())
    found = {}
    optimization = Optimization(size, 5, 0.05, 0.01, 0, TransformSettings(4, (1, 0.95, 1.05), (-5, 0, 5)))
    for layer in block.layers.values():
        for each in visualize(network, layer, CHANNELS, "neuron", optimization):
            if not each.started_silent:
                found[f"{layer} {each.channel}"] = [*each.trace.tolist(), each.activation, float(each.image.mean())]
    given = [pictures[channel % 2] for channel in range(block.channels)]
    rows = list(evaluate(block.name, measure(network, block, block.input, given, given[::-1]), 1.5))
    found["criteria"] = [row[term] for row in rows[:3] for term in ("pre_in", "pre_in_scaled", "post_in", "post_pre")]
    (activations,) = extract(network, ["layer3.1.bn2", "layer3.1"], [images])
    found["activations"] = [
        float(maps[image, channel]) for maps in activations.values() for image in (0, 1) for channel in CHANNELS
    ]
    ablated = AblatedNetwork(network, block, torch.linspace(0.1, 2, block.channels, dtype=torch.float64))
    inputs = torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found["logits"] = [value for logits in ablated.logits(inputs, [[], CHANNELS]) for value in logits.flatten().tolist()]
    return found


@pytest.mark.parametrize(("name", "size"), [("small", 112), ("resnet18", 96)])
def test_numbers_are_those_of_before(name, size, double_precision):
    found, kept = numbers(name, size), KEPT[name]
    assert set(found) == set(kept) and len(kept) >= 6
    for key, values in kept.items():
        tolerance = 1e-6 if key == "activations" else 1e-9  # which are stored in single precision
        np.testing.assert_allclose(found[key], values, rtol=tolerance, atol=tolerance, err_msg=key)
