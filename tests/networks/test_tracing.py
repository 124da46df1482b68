"""Networks as graphs, against the networks themselves in a plain forward pass."""

import pytest
import torch
from public_networks import QUICK, SLOW, images, traced
from timm.layers import BatchNormAct2d, StdConv2d
from torch import nn
from torch.nn import functional as F
from torchvision.ops import StochasticDepth

from scalestream.errors import InputError
from scalestream.networks.tracing import (
    ancestors,
    descendants,
    is_activation,
    is_in_place,
    is_overwritten,
    map_shapes,
    source,
    trace,
)

IMAGES = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", [*QUICK, *(pytest.param(name, marks=pytest.mark.long) for name in SLOW)])
def test_a_graph_computes_what_the_network_does_bit_for_bit(name):
    network, graph = traced(name)
    logits = network(images(name))
    assert torch.equal(graph.module(images(name)), logits)
    assert (logits[0] - logits[1]).std() > 1e-3 * logits.std() > 0


class Toy(nn.Module):
    """Layers for forward passes of three lines."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.stem = nn.Conv2d(3, 4, kernel_size=3, padding=1)
        self.conv = nn.Conv2d(4, 4, kernel_size=3, padding=1)
        self.inner = nn.Sequential(nn.Conv2d(4, 4, kernel_size=1), nn.ReLU())
        self.norm = nn.BatchNorm2d(4)
        self.relu = nn.ReLU()
        self.overwriting_relu = nn.ReLU(inplace=True)
        self.dropout = nn.Dropout()
        self.weight = nn.Parameter(torch.randn(4, 4, 3, 3))
        self.fc = nn.Linear(4, 5)


def toy(forward) -> nn.Module:
    """A toy with the forward pass, in eval mode, frozen."""
    return type("Toy", (Toy,), {"forward": forward})().eval().requires_grad_(False)


def node(graph, target: str):
    """The only node of a module, function or method."""
    (found,) = [each for each in graph.module.graph.nodes if getattr(each.target, "__name__", each.target) == target]
    return found


def values(graph) -> dict[str, torch.Tensor]:
    """What every named node computes, each copied at once."""
    kept = {}

    class Kept(torch.fx.Interpreter):
        def run_node(self, n):
            value = super().run_node(n)
            kept[n] = value.clone() if isinstance(value, torch.Tensor) else value
            return value

    Kept(graph.module).run(IMAGES)
    return {name: kept[n] for name, n in graph.nodes.items()}


def test_a_layer_has_the_name_of_its_module_or_of_the_block_that_returns_it():
    class Block(Toy):
        def forward(self, x):
            return self.relu(self.norm(self.conv(x)) + x)

    class Linear(Toy):
        def forward(self, x):
            return self.conv(x) + x

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = nn.Conv2d(3, 4, kernel_size=1)
            self.layer1 = nn.Sequential(Block(), Linear())
            self.fc = nn.Linear(4, 5)

        def forward(self, x):
            return self.fc(self.layer1(self.stem(x)).mean((2, 3)))

    network = Network().eval().requires_grad_(False)
    found, kept = values(trace(network)), {}
    for name, module in network.named_modules():
        module.register_forward_hook(lambda _module, _inputs, output, name=name: kept.update({name: output.clone()}))
    network(IMAGES)
    names = [
        "x",
        "stem",
        "layer1.0.conv",
        "layer1.0.norm",
        "layer1.0.add",
        "layer1.0",
        "layer1.1.conv",
        "layer1.1",
        "mean",
        "fc",
    ]
    assert list(found) == [*names, "output"]
    assert all(torch.equal(found[name], kept[name]) for name in names if name in kept and name)
    assert torch.equal(found["layer1.0.add"], kept["layer1.0.norm"] + kept["stem"])


def test_what_is_called_again_or_is_no_module_has_a_name_too():
    def forward(self, x):
        x = F.relu(self.conv(self.stem(x)))
        x = F.relu(F.conv2d(self.conv(x), self.weight))
        return self.fc(x.mean((2, 3)))

    network = toy(forward)
    found = values(trace(network))
    once = F.relu(network.conv(network.stem(IMAGES)))
    twice = network.conv(once)
    expected = {"conv": network.conv(network.stem(IMAGES)), "relu": once, "conv_1": twice}
    expected |= {"conv2d": F.conv2d(twice, network.weight), "relu_1": F.relu(F.conv2d(twice, network.weight))}
    assert all(torch.equal(found[name], value) for name, value in expected.items())


def test_operations_in_place_are_known():
    def forward(self, x):
        x = F.relu(self.stem(x), True)
        x = torch.relu_(self.conv(x))
        x = self.norm(x).add_(x)
        x = F.elu(self.overwriting_relu(self.dropout(x)), inplace=True)
        return self.fc(torch.mean(self.relu(torch.add(x, 1)), (2, 3), False))

    graph = trace(toy(forward))
    overwriting = [n.name for n in graph.module.graph.nodes if is_in_place(graph.module, n)]
    assert overwriting == ["relu", "relu_", "add_", "overwriting_relu", "elu"]
    overwritten = [n.name for n in graph.module.graph.nodes if is_overwritten(graph.module, n)]
    assert overwritten == ["stem", "conv", "norm", "add_", "dropout", "overwriting_relu"]
    activations = [n.name for n in graph.module.graph.nodes if is_activation(graph.module, n)]
    assert activations == ["relu", "relu_", "overwriting_relu", "elu", "relu_1"]


def test_a_true_that_asks_for_something_else_overwrites_nothing():
    def forward(self, x):
        x = self.stem(x)
        mean = torch.mean(x, (2, 3), True)
        pooled = F.max_pool2d(x, 2, 2, 0, 1, True)
        return self.fc((x - mean).mean((2, 3)) + pooled.mean((2, 3)))

    network = toy(forward)
    graph = trace(network)
    assert torch.equal(graph.module(IMAGES), network(IMAGES))
    assert not any(is_in_place(graph.module, each) for each in graph.module.graph.nodes)


@pytest.mark.parametrize(
    "overwrite",
    [
        lambda self, x: self.overwriting_relu(x),
        lambda self, x: F.relu(x, inplace=True),
        lambda self, x: x.relu_(),
        lambda self, x: x.add_(1),
        lambda self, x: self.overwriting_relu(self.dropout(x)),
        lambda self, x: x.add_(1).relu_(),
    ],
)
def test_what_is_read_after_it_was_overwritten_comes_from_what_overwrote_it(overwrite):
    def forward(self, x):
        x = self.norm(self.stem(x))
        before = self.conv(x)
        overwrite(self, x)
        return self.fc((before + self.dropout(x)).mean((2, 3)))

    network = toy(forward)
    graph = trace(network)
    assert torch.equal(graph.module(IMAGES), network(IMAGES))
    one, other = (source(graph.module, operand) for operand in node(graph, "add").args)
    assert one.name == "conv" and is_in_place(graph.module, other)
    assert node(graph, "conv").args[0].name == "norm"
    assert other in ancestors([graph.output]) and node(graph, "conv") not in descendants(other)


def test_what_does_nothing_in_eval_mode_is_looked_through():
    def forward(self, x):
        x = self.stem(x)
        y = F.dropout(self.dropout(self.depth(self.identity(self.conv(x)))), training=self.training)
        return self.fc(F.relu(y + x).mean((2, 3)))

    network = type("Toy", (Toy,), {"forward": forward})()
    network.depth, network.identity = StochasticDepth(0.5, "row"), nn.Identity()
    graph = trace(network.eval())
    one, other = node(graph, "add").args
    assert one.name == "dropout_1" and source(graph.module, one).name == "conv" and source(graph.module, other) is other


def test_what_nothing_is_computed_from_is_left_out():
    def forward(self, x):
        x = self.stem(x)
        self.conv(x)
        return self.fc(F.relu(x).mean((2, 3)))

    assert "conv" not in trace(toy(forward)).nodes


def test_modules_that_timm_does_not_let_be_followed_are_single_layers():
    network = nn.Sequential(
        StdConv2d(3, 4, 3),
        BatchNormAct2d(4),
        StochasticDepth(0.5, "row"),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(4, 5),
    )
    called = [each.target for each in trace(network.eval()).module.graph.nodes if each.op == "call_module"]
    assert called == ["0", "1", "2", "3", "4", "5"]


def test_what_does_not_come_from_the_image_is_told_apart_and_maps_have_shapes():
    def forward(self, x):
        x = F.conv2d(self.stem(x), torch.flip(self.weight, (2, 3)), stride=2)
        return self.fc(x.mean((2, 3)))

    graph = trace(toy(forward))
    assert graph.image.name == "x" and graph.output.name == "fc"
    assert {each.name for each in graph.variable} == {"x", "stem", "conv2d", "mean", "fc", "output"}
    shapes = {each.name: shape for each, shape in map_shapes(graph, 16).items()}
    assert shapes["stem"] == (1, 4, 16, 16) and shapes["conv2d"] == (1, 4, 7, 7) and shapes["fc"] == (1, 5)


def test_a_network_that_branches_on_values_is_refused_in_one_line():
    def forward(self, x):
        x = self.stem(x)
        return self.fc((x if x.sum() > 0 else -x).mean((2, 3)))

    with pytest.raises(InputError, match=r"Toy: torch\.fx cannot trace the network \(.*\); write its forward pass") as error:
        trace(toy(forward))
    assert "\n" not in str(error.value)
