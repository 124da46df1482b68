"""Networks as graphs of operations, by one tracer on torch.fx for all that is asked of a network's structure."""

import operator
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import fx, nn
from torch.fx.passes.shape_prop import ShapeProp, TensorMetadata

from scalestream.errors import InputError, in_one_line
from scalestream.vision import StochasticDepth

ACTIVATIONS = (
    nn.CELU,
    nn.ELU,
    nn.GELU,
    nn.Hardsigmoid,
    nn.Hardswish,
    nn.Hardtanh,
    nn.LeakyReLU,
    nn.Mish,
    nn.PReLU,
    nn.ReLU,
    nn.SELU,
    nn.SiLU,
    nn.Sigmoid,
    nn.Softplus,
    nn.Tanh,
)
ACTIVATION_FUNCTIONS = {
    *(F.elu, F.gelu, F.hardsigmoid, F.hardswish, F.hardtanh, F.leaky_relu, F.mish, F.relu, F.relu6, F.silu, F.sigmoid, F.tanh),
    *(torch.relu, torch.relu_, torch.sigmoid, torch.tanh),
}
ACTIVATION_METHODS = {"relu", "relu_", "sigmoid", "tanh"}
PASSES_ON = (nn.Dropout, nn.Dropout2d, nn.Identity, StochasticDepth)  # what they get, in eval mode


@dataclass(frozen=True)
class Traced:
    """A network's graph, and the nodes that its layers are, by name.

    A layer is named by the module that makes it; by the block whose output it is, where that is an activation or no module;
    else by its operation, within the module that it stands in.
    """

    module: fx.GraphModule
    nodes: dict[str, fx.Node]

    @property
    def image(self) -> fx.Node:
        """The node that stands for the network's input."""
        return next(iter(self.module.graph.nodes))

    @cached_property
    def variable(self) -> set[fx.Node]:
        """The nodes that are computed from the image; others are so from weights alone."""
        return descendants(self.image)

    @property
    def output(self) -> fx.Node:
        """The node whose value the network returns."""
        *_, output = self.module.graph.nodes
        return output.args[0]


def trace(network: nn.Module) -> Traced:
    """The graph of a network in eval mode; raises InputError where torch.fx cannot follow it."""
    tracer = Tracer()
    try:
        graph = tracer.trace(network)
    except Exception as error:
        raise InputError(
            f"{type(network).__name__}: torch.fx cannot trace the network ({in_one_line(error)}); "
            "write its forward pass without branches on values or shapes"
        ) from error
    module = fx.GraphModule(network, graph)
    _read_what_overwrites(module)
    graph.eliminate_dead_code(lambda node: node.is_impure() or is_in_place(module, node))
    module.recompile()
    return Traced(module, {name: node for node, name in _names(module, tracer.returned).items()})


class Tracer(fx.Tracer):
    """Follows a network down to the modules of torch.nn, and to those that timm says must not be followed.

    returned: by module that is followed, other than a mere sequence, the node that each of its calls returned.
    """

    def __init__(self):
        super().__init__(autowrap_functions=tuple(_opaque_functions()))
        self.opaque = (StochasticDepth, nn.Conv2d, *_opaque_modules())
        self.returned: dict[str, list[fx.Node]] = defaultdict(list)

    def is_leaf_module(self, module: nn.Module, name: str) -> bool:
        return isinstance(module, self.opaque) or super().is_leaf_module(module, name)

    def call_module(self, module: nn.Module, forward, args, kwargs):
        result, path = super().call_module(module, forward, args, kwargs), self.path_of_module(module)
        followed = not isinstance(module, nn.Sequential) and not self.is_leaf_module(module, path)
        if followed and isinstance(result, fx.Proxy):
            self.returned[path].append(result.node)
        return result


def _opaque_modules() -> Iterable[type]:
    if "timm" not in sys.modules:  # then no module is of timm
        return ()
    from timm.models._features_fx import get_notrace_modules

    return get_notrace_modules()


def _opaque_functions() -> Iterable:
    if "timm" not in sys.modules:
        return ()
    from timm.models._features_fx import get_notrace_functions

    return get_notrace_functions()


def module_of(part: fx.GraphModule, node: fx.Node) -> nn.Module | None:
    """The module that a node calls, if it calls one."""
    return part.get_submodule(node.target) if node.op == "call_module" else None


def is_activation(part: fx.GraphModule, node: fx.Node) -> bool:
    """Whether the node is a nonlinearity that acts on every number by itself."""
    return _calls(part, node, ACTIVATIONS, ACTIVATION_FUNCTIONS | ACTIVATION_METHODS)


def is_relu(part: fx.GraphModule, node: fx.Node) -> bool:
    """Whether the node is a ReLU."""
    return _calls(part, node, nn.ReLU, {F.relu, torch.relu, torch.relu_, "relu", "relu_"})


def _calls(part: fx.GraphModule, node: fx.Node, modules: type | tuple[type, ...], targets: set) -> bool:
    """Whether the node calls such a module, or one of some functions and of methods by name."""
    by_target = node.op in ("call_function", "call_method") and node.target in targets
    return by_target or isinstance(module_of(part, node), modules)


def is_in_place(part: fx.GraphModule, node: fx.Node) -> bool:
    """Whether the operation overwrites its first input."""
    function = node.op == "call_function"
    by_position = node.target in ACTIVATION_FUNCTIONS and any(argument is True for argument in node.args)
    asked = function and (node.kwargs.get("inplace") or by_position)
    by_name = function and node.target in (operator.iadd, torch.relu_)
    method = node.op == "call_method" and node.target.endswith("_") and not node.target.endswith("__")
    return bool(asked or by_name or method or getattr(module_of(part, node), "inplace", False))


def is_overwritten(part: fx.GraphModule, node: fx.Node) -> bool:
    """Whether an operation in place overwrites the node's value, which dropout and the like share."""
    same = [source(part, node)]
    for each in same:
        same += [user for user in each.users if source(part, user) is not user]
    return any(is_in_place(part, user) and user.all_input_nodes[0] is each for each in same for user in each.users)


def source(part: fx.GraphModule, node: fx.Node) -> fx.Node:
    """The node whose value this one is, through dropout and the like, which do nothing in eval mode."""
    while _passes_on(module_of(part, node)) or node.op == "call_function" and node.target in (F.dropout, F.dropout2d):
        node = node.args[0]
    return node


def _passes_on(module: nn.Module | None) -> bool:
    return isinstance(module, PASSES_ON) or type(module).__name__ == "DropPath"  # timm's


@torch.no_grad()
def map_shapes(traced: Traced, size: int) -> dict[fx.Node, tuple[int, ...]]:
    """The shapes of all tensors that a network computes of one image of the given side in pixels, by node."""
    parameter = next(traced.module.parameters(), torch.empty(0))
    image = torch.zeros(1, 3, size, size, dtype=parameter.dtype, device=parameter.device)
    ShapeProp(traced.module).propagate(image)
    described = {node: node.meta.get("tensor_meta") for node in traced.module.graph.nodes}
    return {node: tuple(each.shape) for node, each in described.items() if isinstance(each, TensorMetadata)}


def ancestors(nodes: Iterable[fx.Node], but: Iterable[fx.Node] = ()) -> set[fx.Node]:
    """The nodes and all that they are computed from; but: nodes of which it is not asked what they are computed from."""
    return _reached(nodes, lambda node: () if node in but else node.all_input_nodes)


def descendants(node: fx.Node) -> set[fx.Node]:
    """The node and all that is computed from it."""
    return _reached([node], lambda node: node.users)


def _reached(nodes: Iterable[fx.Node], neighbours: Callable[[fx.Node], Iterable[fx.Node]]) -> set[fx.Node]:
    found, pending = set(), list(nodes)
    while pending:
        node = pending.pop()
        if node not in found:
            found.add(node)
            pending += neighbours(node)
    return found


def _read_what_overwrites(module: fx.GraphModule) -> None:
    """Has what is computed after an operation in place read that operation, where the network reads what it has overwritten."""
    order = {node: position for position, node in enumerate(module.graph.nodes)}
    same: dict[fx.Node, list[fx.Node]] = {}  # the nodes so far whose values are one tensor
    for node in module.graph.nodes:
        overwrites = is_in_place(module, node)
        shares = overwrites or source(module, node) is not node
        same[node] = same[node.all_input_nodes[0]] if shares else []
        for each in same[node] if overwrites else ():
            each.replace_all_uses_with(node, delete_user_cb=lambda user: order[user] > order[node])
        same[node].append(node)


def _names(module: fx.GraphModule, returned: dict[str, list[fx.Node]]) -> dict[fx.Node, str]:
    """A name for every node."""
    blocks: dict[fx.Node, str] = {}  # the innermost one that returns it
    for path, nodes in returned.items():
        if len(nodes) == 1:
            node = source(module, nodes[0])
            blocks[node] = max(blocks.get(node, ""), path, key=len)
    names, taken = {}, Counter()
    for node in module.graph.nodes:
        by_module = node.op == "call_module" and not is_activation(module, node)
        name = blocks[node] if node in blocks and not by_module else _own_name(node)
        names[node] = f"{name}_{taken[name]}" if taken[name] else name
        taken[name] += 1
    return names


def _own_name(node: fx.Node) -> str:
    """The operation, within the module that it stands in."""
    if node.op == "call_module":
        return node.target
    stack = list(node.meta.get("nn_module_stack", {}).values())
    operation = getattr(node.target, "__name__", str(node.target))
    return ".".join([*(path for path, _ in stack[-1:]), operation])
