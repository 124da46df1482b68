"""Graph surgery: networks cut after a layer, split at a block, and with batch norm folded."""

from collections.abc import Iterable
from copy import deepcopy

import torch
from torch import fx, nn
from torch.fx.experimental.optimization import fuse

from scalestream.networks.interface import RECTIFIED
from scalestream.networks.operations import concatenates_channels
from scalestream.networks.tracing import Traced, ancestors, descendants, is_overwritten, is_relu, trace


def cut_after(network: nn.Module, layer: str) -> fx.GraphModule:
    """The part of the network that computes `layer`'s output, as a module from images to that output.

    What the network does to the output afterwards (torchvision adds In, in place) is not part of it, whereas a forward hook on
    `layerX.Y.bn2` of the whole network would read Post in Pre's place.
    """
    return part(trace(network), layer)


def part(traced: Traced, layer: str) -> fx.GraphModule:
    """As `cut_after`, of a network that is traced already."""
    node, graph = node_of(traced, layer), fx.Graph()
    values = _copied(traced, graph, ancestors([node]), {})
    graph.output(_output(traced, graph, layer, values[node]))
    return fx.GraphModule(traced.module, graph)


def maps_of(network: nn.Module, layers: Iterable[str]) -> fx.GraphModule:
    """The part of the network that computes several layers' outputs, as a module from images to these by layer.

    Each comes out of a module of its own that does nothing, `taps.0` for the first layer and so on, for what reads layers by
    forward hooks.
    """
    traced, graph = trace(network), fx.Graph()
    nodes = {layer: node_of(traced, layer) for layer in layers}
    taps = nn.ModuleList(nn.Identity() for _ in nodes)
    traced.module.add_submodule("taps", taps)
    values, outputs = {}, {}
    for each in _in_order(traced, ancestors(nodes.values())):
        values[each] = graph.node_copy(each, values.get)
        for number, (layer, node) in enumerate(nodes.items()):
            if node is each:
                value = _output(traced, graph, layer, values[node])
                if value is values[node] and is_overwritten(traced.module, node):
                    values[node] = graph.call_method("clone", (value,))  # for what overwrites it
                outputs[layer] = graph.call_module(f"taps.{number}", (value,))
    graph.output({layer: outputs[layer] for layer in nodes})
    return fx.GraphModule(traced.module, graph)


def joined(network: nn.Module, bypass: str, pre: str, post: str) -> fx.GraphModule:
    """What makes a block's Post of the layer that bypasses it and of Pre, whatever the network does with them: a module from
    their maps to one of their shape, which shares the network's weights. Without a stream, the first is not read.

    post: a block's `post` or its `stream`.
    """
    traced, graph = trace(network), fx.Graph()
    node, ends = node_of(traced, post), [node_of(traced, layer) for layer in (bypass, pre)]
    values = {}
    for end, name in zip(ends, ("bypass", "pre")):
        given = graph.placeholder(name)
        values[end] = graph.call_method("clone", (given,)) if is_overwritten(traced.module, end) else given
    values = _copied(traced, graph, ancestors([node], but=ends) - set(ends), values)
    graph.output(_output(traced, graph, post, values[node]))
    return fx.GraphModule(traced.module, graph)


def split_after(network: nn.Module, layer: str) -> tuple[fx.GraphModule, fx.GraphModule]:
    """The network as two modules: images to the layer's map, and that map to logits.

    layer: one that all later computing starts from, as a block's `stream`. The two parts share the network's weights, and
    applied one after the other equal its forward pass.
    """
    traced, graph = trace(network), fx.Graph()
    node = node_of(traced, layer)
    needed = ancestors([traced.output]) - (traced.variable - descendants(node)) - {node}
    values = _copied(traced, graph, needed, {node: graph.placeholder("map")})
    graph.output(values[traced.output])
    return part(traced, layer), fx.GraphModule(traced.module, graph)


def node_of(traced: Traced, layer: str) -> fx.Node:
    """The node whose value is the layer's output, or, of a sum that the network does not rectify itself, is so after ReLU."""
    return traced.nodes[layer if layer in traced.nodes else layer.removesuffix(RECTIFIED)]


def _output(traced: Traced, graph: fx.Graph, layer: str, value: fx.Node) -> fx.Node:
    """The layer's output, given its node's."""
    return value if layer in traced.nodes else graph.call_function(torch.relu, (value,))


def _in_order(traced: Traced, nodes: set[fx.Node]) -> list[fx.Node]:
    return [node for node in traced.module.graph.nodes if node in nodes]


def _copied(traced: Traced, graph: fx.Graph, nodes: set[fx.Node], values: dict[fx.Node, fx.Node]) -> dict[fx.Node, fx.Node]:
    """Copies of nodes by node, with those that stand in for others beforehand."""
    for node in _in_order(traced, nodes):
        values[node] = graph.node_copy(node, values.get)
    return values


def before_relu(part: fx.GraphModule) -> fx.GraphModule | None:
    """`part` up to what its last ReLU reads, with the same weights; None where its output is not that of a ReLU.

    ReLUs whose outputs are put one behind the other, channel by channel, are one ReLU.
    """
    *_, output = part.graph.nodes
    (last,) = output.all_input_nodes
    relus = last.all_input_nodes if concatenates_channels(last) else [last]
    if not all(is_relu(part, each) and len(each.users) == 1 for each in relus):
        return None
    graph, copies = fx.Graph(), {}
    graph.output(graph.graph_copy(part.graph, copies))
    for each in relus:
        relu = copies[each]
        relu.replace_all_uses_with(relu.all_input_nodes[0])
        graph.erase_node(relu)
    return fx.GraphModule(part, graph)


def with_batch_norm_folded(part: fx.GraphModule) -> fx.GraphModule:
    """A frozen copy of `part`, with every batch norm's weights made part of the convolution before it.

    A network that calls a convolution or a batch norm twice is left unfolded.
    """
    called = [
        node.target
        for node in part.graph.nodes
        if node.op == "call_module" and isinstance(part.get_submodule(node.target), (nn.Conv2d, nn.BatchNorm2d))
    ]
    folded = fuse(part, no_trace=True) if len(called) == len(set(called)) else deepcopy(part)
    return folded.requires_grad_(False)


def without_first_convolutions(part: fx.GraphModule) -> tuple[list[nn.Conv2d], fx.GraphModule]:
    """The convolutions that read the input of `part`, and the rest of it: a module that takes the input (for what else reads
    it) and then the output of each of these convolutions."""
    rest = deepcopy(part)
    last, *_ = rest.graph.nodes
    convolutions = []
    for node in list(last.users):
        module = rest.get_submodule(node.target) if node.op == "call_module" else None
        if type(module) is nn.Conv2d and module.groups == 1 and module.padding_mode == "zeros":
            convolutions.append(module)
            with rest.graph.inserting_after(last):
                last = rest.graph.placeholder(f"output_of_{node.name}")
            node.replace_all_uses_with(last)
            rest.graph.erase_node(node)
    rest.recompile()
    return convolutions, rest


def largest_map(part: fx.GraphModule, image: torch.Tensor) -> int:
    """How many numbers the largest map holds that the network computes of an image (1, 3, S, S)."""
    sizes = []

    class Sizes(fx.Interpreter):
        def run_node(self, node: fx.Node):
            value = super().run_node(node)
            sizes.append(value.numel() if isinstance(value, torch.Tensor) and node.op.startswith("call") else 0)
            return value

    Sizes(part).run(image)
    return max(sizes)
