"""What a neuron sees: the part of a network, and the window of its input, that a span of a map depends on."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter

import torch.nn.functional as F
from torch import fx, nn

from scalestream.errors import NotLocalError
from scalestream.networks.operations import CHANNELS_FIRST, Kernel, Span, WholeMap, operations_on_maps, padding_value
from scalestream.networks.tracing import module_of


@dataclass(frozen=True)
class Window:
    """The window of a network's input that a span of a layer's map sees.

    span: its rows; all rows where something on the way needs a whole map. margins: for each operation, the output included, how
    many rows to add to each of its inputs before and after (cut off where negative), so that the operation, without padding of
    its own, computes just the rows that are needed.
    """

    span: Span
    margins: tuple[tuple[tuple[int, int], ...], ...]


def window(part: fx.GraphModule, size: int, wanted: Callable[[int], Span]) -> Window:
    """The window of a `size` x `size` input behind the wanted span of the map that `part` computes.

    wanted: from the map's side to the span. Raises NotLocalError naming the first operation of which it is not known what its
    rows see.
    """
    operations = operations_on_maps(part)
    image, *nodes = operations
    sides = {image: size}
    for node in nodes:
        sides[node] = operations[node].kernel.outputs(_side(node, sides))
    needs, seen = {nodes[-1]: wanted(sides[nodes[-1]])}, {}
    for node in reversed(nodes):
        kernel, side = operations[node].kernel, _side(node, sides)
        if isinstance(kernel, WholeMap):  # which makes all rows, whatever is read of them
            needs[node] = Span(0, sides[node])
        for read in _maps(node, sides):
            rows = seen[node, read] = kernel.inputs(needs[node], side) if sides[read] == side else Span(0, 1)
            inside = _inside(rows, sides[read])
            needs[read] = _hull(needs.get(read, inside), inside)
    margins = {
        (node, read): (needs[read].start - rows.start, rows.stop - needs[read].stop) for (node, read), rows in seen.items()
    }
    _, *called = part.graph.nodes
    return Window(
        needs[image], tuple(tuple(margins.get((node, read), (0, 0)) for read in node.all_input_nodes) for node in called)
    )


def center_span(side: int) -> Span:
    """The center neuron's own row of a map, as `activations.center` reads it."""
    return Span(side // 2, side // 2 + 1)


def center_row(part: fx.GraphModule, size: int) -> float:
    """The row, in pixels, of a `size` x `size` input that the center neuron of the map looks at: the middle of what it sees,
    whatever lies beyond the border; the columns are the same.

    In torchvision's ResNets it is stride * (rows // 2), up to half a stride beside the image's middle. Where not all operations
    are known it is the image's middle.
    """
    try:
        operations = operations_on_maps(part)
    except NotLocalError:
        return (size - 1) / 2
    image, *nodes = operations
    sides = {image: size}
    for node in nodes:
        sides[node] = operations[node].kernel.outputs(_side(node, sides))
    rows = {nodes[-1]: [float(sides[nodes[-1]] // 2)]}
    for node in (node for node in reversed(nodes) if node in rows):
        kernel, row, side = operations[node].kernel, sum(rows[node]) / len(rows[node]), _side(node, sides)
        for read in _maps(node, sides):
            if sides[read] == side:  # what is spread over all rows has none of its own
                rows.setdefault(read, []).append(kernel.middle(row, side))
    return sum(rows[image]) / len(rows[image])


def restricted(part: fx.GraphModule, margins: tuple) -> fx.GraphModule:
    """`part` on a window of its input, computing only what the wanted span of its map needs.

    margins: a window's. One network serves all windows with the same margins; it shares the weights of `part`.
    """
    graph, owned, operations = fx.Graph(), {}, operations_on_maps(part)
    image, *called = part.graph.nodes
    values = {image: graph.placeholder("image")}
    for node, around in zip(called, margins, strict=True):
        module, inputs = copy.copy(module_of(part, node)), {}
        if module and node in operations and operations[node].kernel.padding:
            module.padding, around = _own_padding(operations[node].kernel, around)
        for read, margin in zip(node.all_input_nodes, around):
            inputs[read] = values[read]
            if margin != (0, 0):
                sides = (0, 0) * (CHANNELS_FIRST - operations[read].axis) + margin * 2
                inputs[read] = graph.call_function(F.pad, (values[read], sides, "constant", _beyond(node, module)))
        if node in operations and padding_value(node) is not None:  # which the margin did
            (values[node],) = inputs.values()
            continue
        values[node] = graph.node_copy(node, inputs.get)
        if node.op in ("call_module", "get_attr"):
            owned[node.name] = module or attrgetter(node.target)(part)
            values[node].target = node.name
    return fx.GraphModule(owned, graph)


def _own_padding(kernel: Kernel, around: tuple) -> tuple[tuple[int, int], tuple]:
    """The padding that the operation adds by itself, and the margins left: padding on one's own saves a copy."""
    ((before, after),) = around
    if 0 < before < kernel.reach and 0 <= before - after < kernel.stride and not kernel.rounds_up:
        return (before, before), ((0, 0),)
    return (0, 0), around


def _beyond(node: fx.Node, module: nn.Module | None) -> float:
    """What the operation takes a map to be outside its border."""
    if isinstance(module, nn.MaxPool2d):
        return float("-inf")
    return padding_value(node) or getattr(module, "value", 0.0)


def _maps(node: fx.Node, sides: dict[fx.Node, int]) -> list[fx.Node]:
    """What the operation reads that is computed from the image."""
    return [read for read in node.all_input_nodes if read in sides]


def _side(node: fx.Node, sides: dict[fx.Node, int]) -> int:
    """The side of the maps that the operation reads; those of one row are spread over the others."""
    found = {sides[read] for read in _maps(node, sides)}
    if len(found - {1}) > 1:
        raise NotLocalError(f"{node.name} (maps of different sides)")
    return max(found)


def _inside(span: Span, rows: int) -> Span:
    """What of a span a map of `rows` has; one row where the span lies outside it."""
    return Span(min(max(span.start, 0), rows - 1), max(min(span.stop, rows), 1))


def _hull(one: Span, other: Span) -> Span:
    return Span(min(one.start, other.start), max(one.stop, other.stop))
