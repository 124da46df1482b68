"""Ablation in other networks than the paper's, against a plain forward hook that overwrites channels, in double precision."""

import pytest
import torch

from conftest import randomized
from scalestream.ablation.ablated_network import AblatedNetwork
from scalestream.networks.discovery import find_blocks
from scalestream.networks.tracing import trace

pytestmark = pytest.mark.long

BLOCKS = {
    "resnet50": "3.1",
    "resnext50_32x4d": "2.3",
    "wide_resnet50_2": "1.0",
    "cornet_s": "V4.t2",
    "timm:seresnet50": "4.0",
    "timm:resnet50d": "2.0",
    "timm:resnetv2_50": "stages.1.blocks.3",
    "timm:regnety_004": "s3.b2",
}
IMAGES = torch.randn(2, 3, 96, 96, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def plain_logits(network, stream: str, channels: list[int], means: torch.Tensor) -> torch.Tensor:
    """A forward pass of the whole network with a hook that overwrites the output of the block."""

    def overwrite(_module, _inputs, output):
        output = output.clone()
        output[:, channels] = means[channels][:, None, None]
        return output

    handle = network.get_submodule(stream).register_forward_hook(overwrite)
    logits = network(IMAGES)
    handle.remove()
    return logits


@pytest.mark.parametrize("name", BLOCKS)
def test_logits_of_other_networks_are_those_of_a_plain_pass(name):
    """Intact, few channels and all, overwritten with their means and with zero; of the sum itself where it is not rectified."""
    network = randomized(name, 10).double()
    block = next(block for block in find_blocks(trace(network), 96)[0] if block.name == BLOCKS[name])
    means = torch.linspace(-1 if block.is_linear else 0.1, 2, block.channels, dtype=torch.float64)
    conditions = [[], [1], [0, 3, 17, block.channels - 1], list(range(block.channels))]
    for replacement, values in (("mean", means), ("zero", torch.zeros_like(means))):
        found = list(AblatedNetwork(network, block, means, replacement).logits(IMAGES, conditions))
        plain = [plain_logits(network, block.stream, channels, values) for channels in conditions]
        for ours, theirs in zip(found, plain, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-10 * float(theirs.abs().max()))
        assert (plain[-1] - plain[0]).abs().max() > 0.01 * plain[0].abs().max()
    assert torch.equal(plain[0], network(IMAGES))
