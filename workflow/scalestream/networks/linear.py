"""A network without its nonlinearities, whose maps are linear in the image's pixels.

The gradients of its neurons are what Voss et al. (2021, "Visualizing Weights") call expanded weights: products of weights along
all paths from pixel to neuron.
"""

import copy
import operator

import torch
from torch import fx, nn

from scalestream.errors import NotLinearError
from scalestream.networks.tracing import ACTIVATIONS, descendants, is_activation

OUT_OF_PLACE = {operator.iadd: operator.add, "add_": "add", "sub_": "sub", "mul_": "mul", "div_": "div"}
TOLERANCE = 1e-3  # of a map's largest value, for rounding


def linearized(part: fx.GraphModule, size: int) -> fx.GraphModule:
    """`part` with every activation an identity, and each max pooling the mean of what it pools inside the map; it shares the
    weights of `part`.

    size: side in pixels of the images that it is tried on. Raises NotLinearError naming the first operation whose output is not
    linear (affine) in the image all the same: a product of two maps, a norm over a map.
    """
    graph, values = fx.Graph(), {}
    for node in part.graph.nodes:
        if is_activation(part, node):
            values[node] = values[node.all_input_nodes[0]]
        else:
            values[node] = graph.node_copy(node, values.get)
            values[node].target = OUT_OF_PLACE.get(node.target, node.target)  # no activation makes copies of maps any more
    linear = fx.GraphModule(part, graph)
    for node in graph.nodes:
        if node.op == "call_module":
            linear.add_submodule(node.target, _linear(linear.get_submodule(node.target)))
    _require_linear(linear, size)
    return linear


def _linear(module: nn.Module) -> nn.Module:
    """The module, or what stands for it: timm's batch norms have an activation in them."""
    if isinstance(module, nn.MaxPool2d) and module.dilation in (1, (1, 1)):
        settings = (module.kernel_size, module.stride, module.padding, module.ceil_mode)
        return nn.AvgPool2d(*settings, count_include_pad=False)
    inside = [name for name, child in module.named_children() if isinstance(child, ACTIVATIONS)]
    if not inside:
        return module
    module = copy.copy(module)
    module._modules = module._modules | dict.fromkeys(inside, nn.Identity())
    return module


@torch.no_grad()
def _require_linear(linear: fx.GraphModule, size: int) -> None:
    """Raises NotLinearError naming the first operation f for which f(x + y) is not f(x) + f(y) - f(0)."""
    parameter = next(linear.parameters(), torch.empty(0))
    x, y = torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(0)).to(parameter)
    trial = _Trial(linear)
    trial.run(torch.stack([x + y, x, y, torch.zeros_like(x)]))
    if trial.not_linear:
        raise NotLinearError(trial.not_linear[0])


class _Trial(fx.Interpreter):
    """Runs a network on x + y, x, y and 0. not_linear: the operations that are not linear, in their order."""

    def __init__(self, linear: fx.GraphModule):
        super().__init__(linear)
        image, *_ = linear.graph.nodes
        self.of_image, self.not_linear = descendants(image), []

    def run_node(self, node: fx.Node):
        value = super().run_node(node)
        if node in self.of_image and isinstance(value, torch.Tensor) and len(value) == 4:
            both, one, other, neither = value
            if not (both - one - other + neither).abs().max() <= TOLERANCE * value.abs().max():
                self.not_linear.append(node.name)
        return value
