"""Finding the residual blocks of a network in its graph."""

import operator
import re
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import fx, nn

from scalestream.errors import NotLocalError
from scalestream.networks.graph import part
from scalestream.networks.interface import RECTIFIED, Block, Layer, is_stream
from scalestream.networks.operations import concatenates_channels
from scalestream.networks.receptive_field import Span, window
from scalestream.networks.tracing import Traced, ancestors, is_activation, map_shapes, module_of, source

SIDE = 2**14  # of an image in which no receptive field touches the border

ADDITIONS = {operator.add, operator.iadd, torch.add}
ADDITION_METHODS = {"add", "add_"}
MULTIPLICATIONS = {operator.mul, torch.mul, "mul"}
POOLING = (nn.AdaptiveAvgPool2d, nn.AvgPool2d, nn.MaxPool2d)


class NoBlock(Exception):
    """A sum that makes no block; the message is the reason."""


@dataclass(frozen=True)
class Sum:
    """A sum of two maps.

    bypass: In. branch: Pre. post: the sum after its activation, if it has one. kernels: the weights of the convolutions that
    make the branch.
    """

    bypass: fx.Node
    branch: fx.Node
    post: fx.Node
    kernels: frozenset[int]


def find_blocks(traced: Traced, size: int) -> tuple[list[Block], dict[str, str]]:
    """All blocks of a network that can be analysed, in network order; and the sums that are none, each with the reason.

    A sum of two maps makes a block when one of them, In, has come through fewer convolutions than the other, Pre, since they
    parted, and when all that is computed after Post, the sum after its activation, is computed from it.

    size: side of the network's input in pixels.
    """
    shapes = map_shapes(traced, size)
    names = {node: name for name, node in traced.nodes.items()}
    sums: dict[str, Sum] = {}
    left_out = {}
    for node in traced.module.graph.nodes:
        if not _adds(node) or not all(len(shapes.get(operand, ())) > 1 for operand in node.args):
            continue
        try:
            found = _sum(traced, node, shapes)
            sums[_name(traced, found, names)] = found
        except NoBlock as reason:
            left_out[names[node]] = str(reason)
    return _as_blocks(traced, sums, shapes), left_out


def named_blocks(traced: Traced, layers: Iterable[tuple[str, str, str]], size: int) -> list[Block]:
    """The blocks of a network without sums, of which the names of In, Pre and Post are given, in network order."""
    sums = {layers_of[2]: Sum(*map(traced.nodes.__getitem__, layers_of), frozenset()) for layers_of in layers}
    return _as_blocks(traced, sums, map_shapes(traced, size))


def _as_blocks(traced: Traced, sums: dict[str, Sum], shapes: dict[fx.Node, tuple[int, ...]]) -> list[Block]:
    """sums: by the name of Post."""
    names = {node: name for name, node in traced.nodes.items()}
    blocks, stage, side = [], 0, None
    for post, found in sums.items():
        channels, length = shapes[found.post][1], shapes[found.post][2]
        stage, side = stage + (length != side), length
        shared = any(found.kernels & other.kernels for other in sums.values() if other is not found)
        name = re.sub(r"^layer(?=\d)", "", post.removesuffix(RECTIFIED))
        padded = _padded_channels(traced, found.bypass)
        blocks.append(Block(name, names[found.bypass], names[found.branch], post, channels, stage, shared, padded))
    return blocks


def describe_layers(traced: Traced, blocks: list[Block]) -> dict[str, Layer]:
    """The layers of the blocks, in network order."""
    names = {name: block.channels for block in blocks for name in (*block.layers.values(), block.stream)}
    return {name: Layer(channels, receptive_field(traced, name)) for name, channels in names.items()}


def describe_maps(traced: Traced, size: int) -> dict[str, Layer]:
    """The layers of a network that has no blocks, in network order: what convolutions, batch norms and activations make, and
    what is put together of their channels, of maps with rows and columns. size: as for `find_blocks`."""
    shapes = map_shapes(traced, size)
    found = {}
    for name, node in traced.nodes.items():
        rows = shapes.get(node, ())[2:]
        if _makes_channels(traced, node) and len(rows) == 2 and rows[0] == rows[1] > 1:
            found[name] = Layer(shapes[node][1], receptive_field(traced, name))
    return found


def receptive_field(traced: Traced, layer: str) -> int | None:
    """Side in pixels of what a neuron of the layer sees of an image without borders; None where it sees all of it, or where
    that cannot be derived."""
    try:
        length = window(part(traced, layer), SIDE, lambda side: Span(side // 2, side // 2 + 1)).span.length
    except NotLocalError:
        return None
    return length if length < SIDE else None


def _makes_channels(traced: Traced, node: fx.Node) -> bool:
    made = isinstance(module_of(traced.module, node), (nn.Conv2d, nn.BatchNorm2d)) or concatenates_channels(node)
    return node in traced.variable and (made or is_activation(traced.module, node))


def _adds(node: fx.Node) -> bool:
    function = node.op == "call_function" and node.target in ADDITIONS
    method = node.op == "call_method" and node.target in ADDITION_METHODS
    plain = len(node.args) == 2 and not node.kwargs  # not a multiple of one of them
    return (function or method) and plain and all(isinstance(operand, fx.Node) for operand in node.args)


def _sum(traced: Traced, node: fx.Node, shapes: dict[fx.Node, tuple[int, ...]]) -> Sum:
    """The sum that a node makes; raises NoBlock."""
    operands = [_unscaled(traced, operand) for operand in node.args]
    if any(len(shapes[operand]) != 4 or shapes[operand][2] != shapes[operand][3] for operand in operands):
        raise NoBlock("it is no sum of maps with rows and columns")
    if shapes[operands[0]] != shapes[operands[1]]:
        raise NoBlock("its two maps are of different shapes")
    if not traced.variable.issuperset(operands):
        raise NoBlock("one of its maps is the same for all images")
    behind = [ancestors([operand]) for operand in operands]
    fork = max(behind[0] & behind[1] & traced.variable)  # the last one in the graph's order
    before = ancestors([fork])
    convolutions = [[each for each in path - before if _kernel(traced, each, shapes)] for path in behind]
    lengths = [(sum(_kernel(traced, each, shapes) > 1 for each in path), len(path)) for path in convolutions]
    if lengths[0] == lengths[1]:
        raise NoBlock("as many convolutions lead to one of its maps as to the other")
    bypass, branch = (0, 1) if lengths[0] < lengths[1] else (1, 0)
    if isinstance(module_of(traced.module, operands[bypass]), POOLING):
        raise NoBlock("its In is the output of a pooling, not of a layer")
    post = _activation(traced, node) or node
    _require_cut(traced, post)
    kernels = frozenset(id(_weight(traced, each)) for each in convolutions[branch])
    return Sum(operands[bypass], operands[branch], post, kernels)


def _unscaled(traced: Traced, operand: fx.Node) -> fx.Node:
    """The map that is added, or is so times a number, its stream."""
    operand = source(traced.module, operand)
    if operand.target in MULTIPLICATIONS:
        factors = [read for read in operand.all_input_nodes if read.op == "get_attr" and is_stream(read.target)]
        maps = [read for read in operand.all_input_nodes if read not in factors]
        if factors and len(maps) == 1:
            return source(traced.module, maps[0])
    return operand


def _padded_channels(traced: Traced, bypass: fx.Node) -> int:
    """How many channels of zeros are put after In's own."""
    module = module_of(traced.module, bypass)
    return module.padding[-1] if isinstance(module, nn.ZeroPad3d) else 0


def _kernel(traced: Traced, node: fx.Node, shapes: dict) -> int:
    """The side of a convolution's kernel; 0 for another operation."""
    module = module_of(traced.module, node)
    if isinstance(module, nn.Conv2d):
        return max(module.kernel_size)
    if node.op == "call_function" and node.target in (torch.conv2d, nn.functional.conv2d):
        return max(shapes[node.args[1]][2:])
    return 0


def _weight(traced: Traced, node: fx.Node) -> object:
    module = module_of(traced.module, node)
    return module.weight if module is not None else node.args[1]


def _activation(traced: Traced, node: fx.Node) -> fx.Node | None:
    """The activation that alone reads a node."""
    users = list(node.users)
    while len(users) == 1 and source(traced.module, users[0]) is not users[0]:
        users = list(users[0].users)
    return users[0] if len(users) == 1 and is_activation(traced.module, users[0]) else None


def _require_cut(traced: Traced, post: fx.Node) -> None:
    """Raises NoBlock where something after Post is computed from what is before it."""
    before = ancestors([post])
    for node in before - {post}:
        if not set(node.users) <= before and node in traced.variable:
            raise NoBlock("what is before it is read again after it")


def _name(traced: Traced, found: Sum, names: dict[fx.Node, str]) -> str:
    """The name of a sum's Post."""
    rectified = is_activation(traced.module, found.post)
    return names[found.post] if rectified else names[found.post] + RECTIFIED
