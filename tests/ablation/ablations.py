"""Ablated networks of the tests' networks, and plain maps to compare with."""

from conftest import blocks_of
from scalestream.ablation.ablated_network import AblatedNetwork


def plain_map(network, block, images):
    """The block's Post map of a plain forward pass, channel by channel."""
    kept = []
    stage, index = map(int, block.split("."))
    hook = getattr(network, f"layer{stage}")[index].register_forward_hook(
        lambda module, inputs, output: kept.append(output.clone())
    )
    network(images)
    hook.remove()
    return kept[0].transpose(0, 1)


def architecture_of(network) -> str:
    return "resnet18" if network.fc.in_features == 512 else "small"


def ablated(network, block, means, replacement="mean") -> AblatedNetwork:
    return AblatedNetwork(network, blocks_of(architecture_of(network))[block], means, replacement)
