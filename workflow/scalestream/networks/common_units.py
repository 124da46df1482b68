"""Which convolutions read two layers side by side, and with which weights."""

import numpy as np
import torch
from torch import fx, nn

from scalestream.networks.discovery import ADDITION_METHODS, ADDITIONS
from scalestream.networks.graph import node_of
from scalestream.networks.operations import concatenates_channels, padding_value
from scalestream.networks.tracing import Traced, is_activation, map_shapes, module_of, source

POOLING = (nn.AvgPool2d, nn.MaxPool2d)


@torch.no_grad()
def common_units(traced: Traced, earlier: str, later: str, size: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """The weights of each convolution that reads channels of both layers, (units, channels) each, summed over the kernel.

    A convolution reads what it is given through concatenations, sums, activations, pooling and padding, whose values rise with
    what they are made of. Empty where no convolution is known to read both, as where a batch norm is in between.
    size: side of the network's input in pixels.
    """
    shapes = map_shapes(traced, size)
    nodes = node_of(traced, earlier), node_of(traced, later)
    found = []
    for node in traced.module.graph.nodes:
        module = module_of(traced.module, node)
        if isinstance(module, nn.Conv2d) and module.groups == 1:
            starts = [_first_channel(traced, node.args[0], each, shapes) for each in nodes]
            if None not in starts:
                weight = module.weight.sum(dim=(2, 3)).cpu().numpy()
                found.append(tuple(weight[:, start : start + shapes[each][1]] for start, each in zip(starts, nodes)))
    return found


def like_signs(weights: list[tuple[np.ndarray, np.ndarray]], channel: int, match: int) -> float | None:
    """The share of the units that read both a channel of the earlier layer and one of the later whose weights for them are of
    one sign; None where no unit reads both. Weights of no relation give a half."""
    products = [of_earlier[:, channel] * of_later[:, match] for of_earlier, of_later in weights]
    signs = np.sign(np.concatenate(products)) if products else np.empty(0)
    return float(np.mean(signs[signs != 0] > 0)) if signs.any() else None


def _first_channel(traced: Traced, node: fx.Node, wanted: fx.Node, shapes: dict) -> int | None:
    """Where a node's channels have those of the wanted one, if they do."""
    if node is wanted:
        return 0
    if concatenates_channels(node):
        before = 0
        for each in node.args[0]:
            start = _first_channel(traced, each, wanted, shapes)
            if start is not None:
                return before + start
            before += shapes[each][1]
        return None
    starts = (_first_channel(traced, each, wanted, shapes) for each in _read(traced, node))
    return next((start for start in starts if start is not None), None)


def _read(traced: Traced, node: fx.Node) -> list[fx.Node]:
    """What a node's channels are those of, one by one, and rise with."""
    same = source(traced.module, node) is not node or is_activation(traced.module, node) or padding_value(node) is not None
    pools = isinstance(module_of(traced.module, node), POOLING) or node.target in (nn.functional.max_pool2d,)
    if same or pools:
        return node.all_input_nodes[:1]
    adds = (
        node.op == "call_function" and node.target in ADDITIONS or node.op == "call_method" and node.target in ADDITION_METHODS
    )
    return node.all_input_nodes if adds else []
