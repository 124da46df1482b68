"""What a neuron sees: the part of a network, and the window of its input, that a span of a map depends on.

Everything here is derived from the network's own modules. Maps, kernels and windows are square, so that one span of rows
stands for the columns too.
"""

import copy
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import fx, nn

from scalestream.errors import NotLocalError


class Span(NamedTuple):
    """Rows `start` to `stop`, half-open; the columns are the same."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        return self.stop - self.start


class Kernel(NamedTuple):
    """How an operation gathers rows: output row i sees `reach` rows of the padded input from row i * stride."""

    reach: int = 1
    stride: int = 1
    padding: int = 0

    def outputs(self, rows: int) -> int:
        """How many output rows `rows` input rows give."""
        return (rows + 2 * self.padding - self.reach) // self.stride + 1

    def inputs(self, span: Span) -> Span:
        """The input rows that a span of output rows sees; those in the padding lie outside the map."""
        start = span.start * self.stride - self.padding
        return Span(start, start + (span.length - 1) * self.stride + self.reach)


@dataclass(frozen=True)
class Window:
    """The window of a network's input that a span of a layer's map sees.

    span: its rows. margins: for each operation, how many rows to add to each of its inputs before and after (cut off where
    negative), so that the operation, without padding of its own, computes just the rows that are needed.
    """

    span: Span
    margins: tuple[tuple[tuple[int, int], ...], ...]


POINTWISE = (nn.Dropout, nn.Identity, nn.ReLU)
POINTWISE_FUNCTIONS = {operator.add, operator.iadd, torch.add, torch.relu, F.relu}


def window(part: fx.GraphModule, size: int, wanted: Callable[[int], Span]) -> Window:
    """The window of a `size` x `size` input behind the wanted span of the map that `part` computes.

    wanted: from the map's side to the span. Raises NotLocalError naming the first operation that is not known to be local.
    """
    image, *operations, output = part.graph.nodes
    kernels = {node: _kernel(part, node) for node in operations}
    sides = {image: size}
    for node in operations:
        side, *others = {sides[source] for source in node.all_input_nodes}
        if others:
            raise NotLocalError(f"{node.name} (maps of different sides)")
        sides[node] = kernels[node].outputs(side)
    needs = {output.args[0]: wanted(sides[output.args[0]])}
    seen = {}
    for node in reversed(operations):
        seen[node] = kernels[node].inputs(needs[node])
        for source in node.all_input_nodes:
            inside = Span(max(seen[node].start, 0), min(seen[node].stop, sides[source]))
            needs[source] = _hull(needs.get(source, inside), inside)
    margins = tuple(
        tuple((needs[source].start - seen[node].start, seen[node].stop - needs[source].stop) for source in node.all_input_nodes)
        for node in operations
    )
    return Window(needs[image], margins)


def restricted(part: fx.GraphModule, margins: tuple) -> fx.GraphModule:
    """`part` on a window of its input, computing only what the wanted span of its map needs.

    margins: a window's. One network serves all windows with the same margins; it shares the weights of `part`.
    """
    graph, modules, values = fx.Graph(), {}, {}
    image, *operations, output = part.graph.nodes
    values[image] = graph.placeholder("image")
    for node, around in zip(operations, margins, strict=True):
        kernel, inputs = _kernel(part, node), {}
        padding, around = _own_padding(kernel, around)
        module = copy.copy(part.get_submodule(node.target)) if node.op == "call_module" else None
        fill = float("-inf") if isinstance(module, nn.MaxPool2d) else 0.0
        for source, margin in zip(node.all_input_nodes, around):
            inputs[source] = values[source]
            if margin != (0, 0):
                inputs[source] = graph.call_function(F.pad, (values[source], margin * 2, "constant", fill))
        values[node] = graph.node_copy(node, inputs.get)
        if module is not None:
            modules[node.name], values[node].target = module, node.name
            if kernel.padding:
                module.padding = (padding, padding)
    graph.output(values[output.args[0]])
    return fx.GraphModule(modules, graph)


def _own_padding(kernel: Kernel, around: tuple) -> tuple[int, tuple]:
    """The padding that the operation adds by itself, and the margins left: padding on one's own saves a copy."""
    (before, after), *others = around
    if not others and before > 0 and 0 <= before - after < kernel.stride:
        return before, ((0, 0),)
    return 0, around


def _kernel(part: fx.GraphModule, node: fx.Node) -> Kernel:
    module = part.get_submodule(node.target) if node.op == "call_module" else None
    if _in_place(node, module) and len(node.all_input_nodes[0].users) > 1:
        raise NotLocalError(f"{node.name} (in place on a map that is read again)")
    if node.op == "call_function" and node.target in POINTWISE_FUNCTIONS or isinstance(module, POINTWISE):
        return Kernel()
    if isinstance(module, nn.BatchNorm2d) and module.track_running_stats:
        return Kernel()
    zeros = isinstance(module, nn.Conv2d) and module.padding_mode == "zeros"
    if zeros or isinstance(module, nn.MaxPool2d) and not (module.ceil_mode or module.return_indices):
        settings = (module.kernel_size, module.stride, module.padding, module.dilation)
        sides = [{value} if isinstance(value, int) else set(value) for value in settings]
        if all(len(side) == 1 for side in sides):
            size, stride, padding, dilation = (side.pop() for side in sides)
            return Kernel(dilation * (size - 1) + 1, stride, padding)
    raise NotLocalError(f"{node.name} ({type(module).__name__ if module else node.target})")


def _in_place(node: fx.Node, module: nn.Module | None) -> bool:
    """Whether the operation overwrites its first input."""
    asked = node.target is F.relu and (node.kwargs.get("inplace") or any(argument is True for argument in node.args))
    return bool(asked or node.target is operator.iadd or getattr(module, "inplace", False))


def _hull(one: Span, other: Span) -> Span:
    return Span(min(one.start, other.start), max(one.stop, other.stop))
