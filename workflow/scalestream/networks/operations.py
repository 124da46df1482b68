"""What is known of a network's operations: which rows of a map each row of their output is computed from.

Maps and kernels are square, so that rows stand for columns too.
"""

import operator
from collections.abc import Iterable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import fx, nn

from scalestream.errors import NotLocalError
from scalestream.networks.tracing import ACTIVATIONS, PASSES_ON, ancestors, is_activation, is_in_place, module_of, source

CHANNELS_FIRST, CHANNELS_LAST = -2, -3  # the axis of the rows


class Span(NamedTuple):
    """Rows `start` to `stop`, half-open; the columns are the same."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        return self.stop - self.start


class Kernel(NamedTuple):
    """How an operation gathers rows: output row i sees `reach` rows of the padded input from row i * stride.

    rounds_up: whether a last output row is made of fewer rows, if fewer are left. further: rows of padding behind the map,
    beside as many as there are before it.
    """

    reach: int = 1
    stride: int = 1
    padding: int = 0
    rounds_up: bool = False
    further: int = 0

    def outputs(self, rows: int) -> int:
        """How many output rows `rows` input rows give."""
        steps, left = divmod(rows + 2 * self.padding + self.further - self.reach, self.stride)
        partial = self.rounds_up and left > 0 and (steps + 1) * self.stride < rows + self.padding
        return steps + 1 + partial

    def inputs(self, span: Span, rows: int) -> Span:
        """The input rows that a span of output rows sees, of a map of `rows`; those in the padding lie outside the map.

        Of rows that are all in the padding the nearest are as good.
        """
        length = (span.length - 1) * self.stride + self.reach
        start = min(max(span.start * self.stride - self.padding, -length), rows)
        return Span(start, min(start + length, rows + self.padding) if self.rounds_up else start + length)

    def middle(self, row: float, rows: int) -> float:
        """The middle of the input rows that an output row sees."""
        return row * self.stride - self.padding + (self.reach - 1) / 2


class WholeMap(NamedTuple):
    """How an operation gathers rows whose every output row sees all of them; it gives as many rows, or a single one."""

    keeps_rows: bool
    padding = 0

    def outputs(self, rows: int) -> int:
        return rows if self.keeps_rows else 1

    def inputs(self, span: Span, rows: int) -> Span:
        return Span(0, rows)

    def middle(self, row: float, rows: int) -> float:
        return row if self.keeps_rows else (rows - 1) / 2


class Operation(NamedTuple):
    """How an operation gathers rows, and which axis of its output the rows are; None where it has none."""

    kernel: Kernel | WholeMap = Kernel()
    axis: int | None = CHANNELS_FIRST


def operations_on_maps(part: fx.GraphModule) -> dict[fx.Node, Operation]:
    """The operations on what is computed from the image, in their order: the image itself first, the output last.

    Those on weights alone are left out. Raises NotLocalError naming the first operation that is not known.
    """
    image, *nodes = part.graph.nodes
    operations = {image: Operation()}
    for node in nodes:
        axes = {read: operations[read].axis for read in node.all_input_nodes if read in operations}
        if axes and not _counts_images(node):
            operations[node] = _operation(part, node, axes)
    return operations


def _operation(part: fx.GraphModule, node: fx.Node, axes: dict[fx.Node, int | None]) -> Operation:
    """axes: of the rows, by what the operation reads that is computed from the image."""
    module, known = module_of(part, node), None
    if is_in_place(part, node) and _is_read_again(part, node.all_input_nodes[0]):
        raise NotLocalError(f"{node.name} (in place on a map that is read again)")
    (axis, *others), weights = set(axes.values()), [read for read in node.all_input_nodes if read not in axes]
    if axis is None and not others:
        known = Operation(axis=CHANNELS_FIRST if _makes_a_row(node) else None)
    elif _is_elementwise(part, node):
        if not others and all(_is_uniform(part, read, axis) for read in weights):
            known = Operation(axis=axis)
    elif [*axes] == [*node.args[:1]]:
        known = KINDS[axis].get(_kind(node, module), _unknown)(node, module)
    if known is None:
        called = type(module) if module else node.target
        raise NotLocalError(f"{node.name} ({getattr(called, '__name__', called)})")
    return known


def _kind(node: fx.Node, module: nn.Module | None) -> object:
    """The key of an operation in KINDS."""
    if module is None:
        return node.target
    name = f"{type(module).__module__}.{type(module).__qualname__}"
    return name if name.startswith("timm.") else type(module)  # by name, as timm may not be imported


def _is_read_again(part: fx.GraphModule, node: fx.Node) -> bool:
    """Whether a map is read more than once, itself or by another name."""
    while len(node.users) == 1 and (source(part, node) is not node or _kind(node, module_of(part, node)) in PERMUTATIONS):
        node = node.args[0]
    return len(node.users) > 1


def _is_elementwise(part: fx.GraphModule, node: fx.Node) -> bool:
    combines = node.op in ("call_function", "call_method") and node.target in COMBINATIONS or concatenates_channels(node)
    return combines or node.op == "output" or is_activation(part, node) or source(part, node) is not node


def concatenates_channels(node: fx.Node) -> bool:
    """Whether the node puts maps one behind the other, channel by channel."""
    return node.target in (torch.cat, torch.concat) and _argument(node, 1, "dim") == 1


def padding_value(node: fx.Node) -> float | None:
    """What a function that pads maps puts around them; None for another operation."""
    is_padding = node.target is F.pad and _argument(node, 2, "mode") in (None, "constant")
    return (_argument(node, 3, "value") or 0.0) if is_padding else None


def _is_uniform(part: fx.GraphModule, node: fx.Node, axis: int) -> bool:
    """Whether what is computed from weights is the same for all rows and columns of a map."""
    interpreter, needed = fx.Interpreter(part), ancestors([node])
    if any(each.op == "placeholder" for each in needed):
        return False
    for each in part.graph.nodes:
        if each in needed:
            interpreter.env[each] = interpreter.run_node(each)
    shape = getattr(interpreter.env[node], "shape", ())
    return set(shape[::-1][-axis - 2 : -axis]) <= {1}


def _counts_images(node: fx.Node) -> bool:
    """Whether the operation gets a map's shape, of which only the number of images is read."""
    shape = node.target is getattr and node.args[1] == "shape"
    return shape and all(user.target is operator.getitem and user.args[1] == 0 for user in node.users)


def _makes_a_row(node: fx.Node) -> bool:
    """Whether the operation makes a map of one row and one column."""
    return node.op == "call_method" and node.target in ("reshape", "view") and len(node.args) == 5 and node.args[3:] == (1, 1)


# What follows takes a node and its module to the operation, or to None where its settings are not understood.


def _unknown(node, module) -> None:
    return None


def _convolution(node, module) -> Operation | None:
    return _gathering(module) if module.padding_mode == "zeros" else None


def _max_pooling(node, module) -> Operation | None:
    return None if module.return_indices else _gathering(module)


def _max_pooling_function(node, module) -> Operation | None:
    """Without padding of its own."""
    names = ("kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices")
    given = dict(zip(names, node.args[1:])) | {name: value for name, value in node.kwargs.items() if name in names}
    pooling = nn.MaxPool2d(**given)
    return _max_pooling(node, pooling) if set(_sizes(pooling.padding)) == {0} else None


def _average_pooling(node, module) -> Operation | None:
    return _gathering(module) if module.count_include_pad or module.padding in (0, (0, 0)) else None


def _gathering(module) -> Operation | None:
    settings = (module.kernel_size, module.stride, module.padding, getattr(module, "dilation", 1))
    sides = [{value} if isinstance(value, int) else set(value) for value in settings]
    if any(len(side) > 1 for side in sides):
        return None
    size, stride, padding, dilation = (side.pop() for side in sides)
    return Operation(Kernel(dilation * (size - 1) + 1, stride, padding, getattr(module, "ceil_mode", False)))


def _padding(node, module) -> Operation | None:
    before, *others = module.padding
    return Operation(Kernel(padding=before)) if set(others) == {before} else None


def _padding_of_channels(node, module) -> Operation | None:
    *of_rows, _before, _after = module.padding
    return Operation() if not any(of_rows) else None


def _padding_function(node, module) -> Operation | None:
    sides = _sizes(_argument(node, 1, "pad"))
    if len(sides) != 4 or sides[:2] != sides[2:] or min(sides) < 0 or padding_value(node) is None:
        return None
    before, after = sides[:2]
    return Operation(Kernel(padding=before, further=after - before))


def _local_response_norm(node, module) -> Operation:
    """Which sums over channels."""
    return Operation()


def _batch_norm(node, module) -> Operation | None:
    """timm's have dropout and an activation in them."""
    elementwise = all(isinstance(child, (*ACTIVATIONS, *PASSES_ON)) for child in module.children())
    return Operation() if elementwise and getattr(module, "track_running_stats", True) else None


def _group_norm(node, module) -> Operation:
    return Operation(WholeMap(keeps_rows=True))


def _adaptive_pooling(node, module) -> Operation | None:
    size = module.output_size if module else _argument(node, 1, "output_size")
    return Operation(WholeMap(keeps_rows=False)) if _sizes(size) in ((1,), (1, 1)) else None


def _mean(node, module) -> Operation | None:
    axis = CHANNELS_FIRST if _argument(node, 2, "keepdim") else None
    over = _sizes(_argument(node, 1, "dim"))
    return Operation(WholeMap(keeps_rows=False), axis) if over in ((2, 3), (-2, -1)) else None


def _layer_norm(node, module) -> Operation | None:
    shape = module.normalized_shape if module else _argument(node, 1, "normalized_shape")
    return Operation(axis=CHANNELS_LAST) if len(_sizes(shape)) == 1 else None


def _linear(node, module) -> Operation:
    return Operation(axis=CHANNELS_LAST)


def _to_channels_last(node, module) -> Operation | None:
    return Operation(axis=CHANNELS_LAST) if _order(node) == (0, 2, 3, 1) else None


def _to_channels_first(node, module) -> Operation | None:
    return Operation() if _order(node) == (0, 3, 1, 2) else None


def _order(node: fx.Node) -> tuple:
    order = _sizes(_argument(node, 1, "dims"))
    return order if len(order) > 1 else node.args[1:]


def _argument(node: fx.Node, position: int, name: str):
    return node.args[position] if len(node.args) > position else node.kwargs.get(name)


def _sizes(value) -> tuple:
    """One number or several, as they are given to torch."""
    return tuple(value) if isinstance(value, Iterable) else (value,)


COMBINATIONS = {
    *(operator.add, operator.iadd, operator.sub, operator.mul, operator.truediv),
    *(torch.add, torch.sub, torch.mul, torch.div),
    *("add", "add_", "sub", "sub_", "mul", "mul_", "div", "div_", "expand_as", "clone"),
}
PERMUTATIONS = {torch.permute, "permute"}
KINDS = {  # by the axis of the rows that are read
    CHANNELS_FIRST: {
        nn.Conv2d: _convolution,
        "timm.layers.std_conv.StdConv2d": _convolution,
        nn.MaxPool2d: _max_pooling,
        nn.AvgPool2d: _average_pooling,
        nn.ConstantPad2d: _padding,
        nn.ZeroPad2d: _padding,
        nn.ZeroPad3d: _padding_of_channels,
        F.max_pool2d: _max_pooling_function,
        F.pad: _padding_function,
        nn.LocalResponseNorm: _local_response_norm,
        F.local_response_norm: _local_response_norm,
        nn.BatchNorm2d: _batch_norm,
        "timm.layers.norm_act.BatchNormAct2d": _batch_norm,
        "timm.layers.norm_act.FrozenBatchNormAct2d": _batch_norm,
        nn.GroupNorm: _group_norm,
        F.group_norm: _group_norm,
        nn.AdaptiveAvgPool2d: _adaptive_pooling,
        F.adaptive_avg_pool2d: _adaptive_pooling,
        torch.mean: _mean,
        "mean": _mean,
        **dict.fromkeys(PERMUTATIONS, _to_channels_last),
    },
    CHANNELS_LAST: {
        nn.LayerNorm: _layer_norm,
        F.layer_norm: _layer_norm,
        nn.Linear: _linear,
        F.linear: _linear,
        **dict.fromkeys(PERMUTATIONS, _to_channels_first),
    },
}
