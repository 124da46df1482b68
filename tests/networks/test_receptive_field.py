"""Windows derived from a network's operations, against the whole network in a plain forward and backward pass."""

import pytest
import timm
import torch
import torch.nn.functional as F
import torchvision
from timm.layers import (
    BatchNormAct2d,
    Conv2dSame,
    EcaModule,
    FrozenBatchNormAct2d,
    GroupNormAct,
    LayerNorm2d,
    SEModule,
    StdConv2d,
)
from torch import nn
from torchvision.models import resnet50
from torchvision.models.resnet import BasicBlock, Bottleneck
from torchvision.ops import SqueezeExcitation

from conftest import blocks_of, layers_of, randomized
from scalestream.errors import NotLocalError
from scalestream.networks.graph import cut_after, part, with_batch_norm_folded
from scalestream.networks.receptive_field import Span, center_row, restricted, window
from scalestream.networks.tracing import ACTIVATIONS, trace

PAPER_SIZES = (224, 225, 230, 236)  # what random_scale makes of 224 pixels
RECEPTIVE_FIELDS = {"layer1.1": 43, "layer2.0": 67, "layer2.1.bn2": 99, "layer3.0": 147, "layer3.1": 211}


def center(side: int) -> Span:
    return Span(side // 2, side // 2 + 1)


def whole(side: int) -> Span:
    return Span(0, side)


def first(side: int) -> Span:
    return Span(0, 1)


def last(side: int) -> Span:
    return Span(side - 1, side)


class Reached(Exception):
    """Ends a forward pass at a layer."""


def plain(network: nn.Module, layer: str, images: torch.Tensor) -> torch.Tensor:
    """The layer's output in a plain forward pass."""

    def end(module, inputs, output):
        raise Reached(output)

    hook = network.get_submodule(layer).register_forward_hook(end)
    with pytest.raises(Reached) as reached:
        network(images)
    hook.remove()
    return reached.value.args[0]


def assert_equals_the_whole_network(network, layer: str, size: int, *spans, images: int = 1) -> Span:
    """Spans of the map, and their gradients, come out of their windows as they do out of a plain pass over the whole image.

    Returns the last one's window.
    """
    images = torch.randn(images, 3, size, size, dtype=torch.float64, requires_grad=True)
    maps = plain(network, layer, images)
    cut = with_batch_norm_folded(cut_after(network, layer))
    for wanted in spans:
        span = slice(*wanted(maps.shape[-1]))
        expected = maps[..., span, span]
        weights = torch.randn_like(expected)
        (gradient,) = torch.autograd.grad((expected * weights).sum(), images, retain_graph=True)

        found = window(cut, size, wanted)
        inside = (..., slice(*found.span), slice(*found.span))
        windowed = images.detach()[inside].requires_grad_()
        ours = restricted(cut, found.margins)(windowed)
        torch.testing.assert_close(ours, expected, rtol=1e-10, atol=1e-10)
        (our_gradient,) = torch.autograd.grad((ours * weights).sum(), windowed)
        torch.testing.assert_close(our_gradient, gradient[inside], rtol=1e-10, atol=1e-10)
        edges = gradient[inside][..., [0, -1], :].abs().sum(dim=(0, 1, 3))
        assert edges.all(), "the window is larger than what the neuron sees"
        gradient[inside] = 0
        assert not gradient.any(), "the neuron sees something outside its window"
    return found.span


@pytest.mark.parametrize("layer", layers_of("resnet18"))
def test_a_center_neuron_of_resnet18(layer):
    network = randomized("resnet18", 10).double()
    for size in PAPER_SIZES if layer.startswith(("layer1", "layer2.0")) else PAPER_SIZES[:2]:
        span = assert_equals_the_whole_network(network, layer, size, center)
        if layer in RECEPTIVE_FIELDS:
            assert span.length == RECEPTIVE_FIELDS[layer]


@pytest.mark.parametrize("layer", layers_of("small"))
@pytest.mark.parametrize("size", [64, 87, 112])
def test_a_center_neuron_of_the_small_network(layer, size):
    assert_equals_the_whole_network(randomized("small", 10).double(), layer, size, center)


@pytest.mark.parametrize("wanted", [whole, lambda side: Span(0, 1), lambda side: Span(side - 2, side), lambda side: Span(1, 4)])
@pytest.mark.parametrize("layer", ["layer2.0.downsample.1", "layer2.1.bn2", "layer3.0"])
def test_any_span_of_a_map(layer, wanted):
    for size in (96, 101):
        assert_equals_the_whole_network(randomized("small", 10).double(), layer, size, wanted)


def test_a_dilated_network():
    torch.manual_seed(0)
    network = resnet50(replace_stride_with_dilation=[False, True, True]).eval().double()
    assert_equals_the_whole_network(network, "layer3.1", 160, center)


@torch.no_grad()
def lively(network: nn.Module) -> nn.Module:
    """The network in double precision, with norms and scales that are not trivial, frozen."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d | FrozenBatchNormAct2d):
            module.running_mean.normal_(std=0.1)
            module.running_var.uniform_(0.5, 1.5)
        if isinstance(module, nn.BatchNorm2d | FrozenBatchNormAct2d | nn.GroupNorm | nn.LayerNorm):
            module.weight.uniform_(0.5, 1.5)
            module.bias.normal_(std=0.2)
    for name, scale in network.named_parameters():
        if name.endswith(("gamma", "layer_scale")):
            scale.uniform_(0.5, 1.5)
    return network.eval().double().requires_grad_(False)


def built(name: str) -> nn.Module:
    """A network of torchvision or timm by "family:name"."""
    torch.manual_seed(0)
    family, name = name.split(":")
    return lively(timm.create_model(name) if family == "timm" else torchvision.models.get_model(name))


LOCAL = {  # layers, with the side of the center neuron's window
    "torchvision:resnet50": {"layer1.0.bn3": 19, "layer2.0.downsample.1": 35, "layer2.1.bn3": 59},
    "torchvision:resnext50_32x4d": {"layer1.1": 27, "layer2.0": 43, "layer2.1.bn3": 59},
    "torchvision:wide_resnet50_2": {"layer1.0": 19, "layer1.1.bn3": 27, "layer1.2": 35},
    "torchvision:regnet_x_400mf": {"trunk_output.block1.block1-0": 7, "trunk_output.block3.block3-1.f.c.1": 79},
    "torchvision:convnext_tiny": {"features.1.0": 28, "features.1.1.block.0": 52, "features.2.0": 76},
    "timm:resnet50d": {"layer1.0": 23, "layer2.0.downsample.2": 43, "layer2.1": 63},
    "timm:resnetv2_50": {"stages.0.blocks.0": 19, "stages.1.blocks.0.downsample.conv": 35, "stages.1.blocks.1": 59},
}
WHOLE = {  # a layer before the first whole-map operation, and layers behind it
    "torchvision:regnet_y_400mf": ["stem.1", "trunk_output.block1.block1-0", "trunk_output.block3.block3-1.f.c.1"],
    "timm:seresnet50": ["layer1.0.bn3", "layer1.0.se", "layer2.0"],
    "timm:regnety_004": ["stem.bn", "s1.b1.conv3.bn", "s3.b2"],
    "timm:ecaresnet50d": ["layer1.0.bn3", "layer1.0.se", "layer2.0"],
    "timm:resnet50_gn": ["conv1", "layer1.0.bn3", "layer2.0"],
    "timm:efficientnet_b0": ["blocks.0.0.conv_dw", "blocks.1.0.bn3", "blocks.3.1"],
    "timm:resnetv2_50x1_bit": ["stem.pool", "stages.0.blocks.0.conv3", "stages.1.blocks.0"],
}


@pytest.mark.parametrize("name", LOCAL)
def test_local_networks(name):
    network, sides = built(name), [(224, 97), (231, 96), (253, 65)]
    for (layer, field), (large, small) in zip(LOCAL[name].items(), sides):
        assert assert_equals_the_whole_network(network, layer, large, first, center).length == field
        assert_equals_the_whole_network(network, layer, small, whole, last, center)


@pytest.mark.parametrize("name", WHOLE)
def test_networks_with_whole_map_operations(name):
    network, (before, *behind) = built(name), WHOLE[name]
    assert assert_equals_the_whole_network(network, before, 253, whole, center).length < 32
    for layer, sides in zip(behind, [(97, 128), (96, 101)]):
        for size in sides:
            assert assert_equals_the_whole_network(network, layer, size, whole, first, last, center) == (0, size)


FIELDS = {  # of each block's output
    "resnet34": [27, 43, 59, 83, *range(115, 180, 32), 227, *range(291, 548, 64), 643, 771, 899],
    "resnet50": [19, 27, 35, *range(43, 92, 16), *range(107, 268, 32), 299, 363, 427],
    "resnext50_32x4d": [19, 27, 35, *range(43, 92, 16), *range(107, 268, 32), 299, 363, 427],
    "wide_resnet50_2": [19, 27, 35, *range(43, 92, 16), *range(107, 268, 32), 299, 363, 427],
    "resnet101": [19, 27, 35, *range(43, 92, 16), *range(107, 812, 32), 843, 907, 971],
    "resnet152": [19, 27, 35, *range(43, 156, 16), *range(171, 1292, 32), 1323, 1387, 1451],
}


@pytest.mark.parametrize("name", FIELDS)
def test_receptive_fields_in_a_large_image(name):
    with torch.device("meta"):
        network = torchvision.models.get_model(name).eval()
    blocks = [block for block, module in network.named_modules() if isinstance(module, BasicBlock | Bottleneck)]
    traced = trace(network)
    assert [window(part(traced, block), 4096, center).span.length for block in blocks] == FIELDS[name]


@pytest.mark.parametrize(("name", "size", "rows"), [("resnet18", 224, [112, 112, 112, 96]), ("small", 112, [56, 56, 48, 64])])
def test_the_row_that_a_center_neuron_looks_at(name, size, rows):
    """Stride times the middle row, as paddings are even; the image's middle is at 111.5 and 55.5."""
    traced = trace(randomized(name, 10))
    for block in blocks_of(name).values():
        for layer in block.layers.values():
            assert center_row(part(traced, layer), size) == rows[block.stage - 1]


def test_the_row_that_a_center_neuron_looks_at_by_hand():
    """Of 23 rows a kernel of 2 and stride 2 makes 11, one of 4 and padding 1 makes 10, a pooling of 3 and stride 2 makes 4."""
    layers = [nn.Conv2d(3, 2, 2, stride=2), nn.ReLU(), nn.Conv2d(2, 2, 4, padding=1), nn.MaxPool2d(3, 2)]
    traced = trace(nn.Sequential(*layers).eval())
    assert center_row(part(traced, "0"), 23) == 2 * 5 + 0.5
    assert center_row(part(traced, "2"), 23) == 2 * (5 - 1 + 1.5) + 0.5  # rows 4 to 7 of the eleven
    assert center_row(part(traced, "3"), 23) == 2 * (2 * 2 + 1 - 1 + 1.5) + 0.5
    squeezed = nn.Sequential(nn.Conv2d(3, 4, 2, stride=2), SqueezeExcitation(4, 2), nn.Conv2d(4, 3, 3)).eval()
    assert center_row(cut_after(squeezed, "2"), 24) == 2 * (5 + 1) + 0.5  # of 12 rows, 10 are left
    assert center_row(cut_after(squeezed, "2"), 6) == 2 * 1 + 0.5 == (6 - 1) / 2
    unknown = nn.Sequential(nn.Conv2d(3, 3, 3, stride=2), nn.InstanceNorm2d(3), nn.Conv2d(3, 3, 3)).eval()
    assert center_row(cut_after(unknown, "2"), 24) == 11.5


def test_the_center_row_is_the_middle_of_the_gradients():
    network = randomized("small", 10).double()
    images = torch.randn(1, 3, 240, 240, dtype=torch.float64, requires_grad=True)
    maps = plain(network, "layer3.0.bn2", images)
    maps[0, :, maps.shape[2] // 2, maps.shape[3] // 2].sum().backward()
    seen = images.grad.abs().sum(dim=(0, 1, 3)).nonzero().flatten()
    found = window(cut_after(network, "layer3.0.bn2"), 240, center).span
    assert (seen.min(), seen.max()) == (found.start, found.stop - 1) and found.start > 0
    assert center_row(cut_after(network, "layer3.0.bn2"), 240) == (found.start + found.stop - 1) / 2


class Between(nn.Module):
    """A module or function between two convolutions."""

    def __init__(self, operation):
        super().__init__()
        self.before, self.after = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, 2, 1)
        self.operation = operation
        self.scale, self.linear = nn.Parameter(torch.randn(8)), nn.Linear(8, 8)
        self.squeezed, self.wide = nn.Conv2d(8, 8, 1), nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, images):
        maps = self.before(images)
        return self.after(self.operation(maps) if isinstance(self.operation, nn.Module) else self.operation(self, maps))


def normalized(self, maps):
    """The channels of each pixel, as ConvNeXt does it."""
    last = maps.permute(0, 2, 3, 1)
    last = self.scale * F.gelu(self.linear(F.layer_norm(last, (8,))))
    return maps + torch.permute(last, (0, 3, 1, 2))


def overlapping(self, maps):
    """Needs different rows of the same channels-last map."""
    last = maps.permute(0, 2, 3, 1)
    return last.permute(0, 3, 1, 2) + self.wide(last.permute(0, 3, 1, 2))


def between(operation) -> Between:
    torch.manual_seed(0)
    network = Between(operation)
    for module in network.modules():
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
    return lively(network)


LOCAL_OPERATIONS = {
    **{activation.__name__: activation() for activation in ACTIVATIONS},
    "ReLU6": nn.ReLU6(),
    "groups": nn.Conv2d(8, 8, 3, padding=1, groups=4),
    "standardized convolution": StdConv2d(8, 8, 3, 2, 1),
    "average": nn.AvgPool2d(2),
    "padded average": nn.AvgPool2d(3, 2, 1),
    "average that rounds up": nn.AvgPool2d(2, ceil_mode=True, count_include_pad=False),
    "padded average that rounds up": nn.AvgPool2d(4, 3, 1, ceil_mode=True),
    "maximum without a window in the padding": nn.MaxPool2d(3, 3, 1, ceil_mode=True),
    "average with a divisor": nn.AvgPool2d(3, 2, 1, ceil_mode=True, divisor_override=5),
    "maximum that rounds up": nn.MaxPool2d(2, ceil_mode=True),
    "padded maximum that rounds up": nn.MaxPool2d(4, 3, 1, ceil_mode=True),
    "dilated maximum": nn.MaxPool2d(3, 2, 1, dilation=2),
    "padding": nn.ConstantPad2d(1, -1.5),
    "cropping": nn.ZeroPad2d(-1),
    "BatchNormAct2d": BatchNormAct2d(8, act_layer=nn.SiLU),
    "FrozenBatchNormAct2d": FrozenBatchNormAct2d(8, act_layer=nn.Hardswish),
    "LayerNorm2d": LayerNorm2d(8),
    "functions": lambda self, maps: F.silu(maps) * maps.sigmoid() - F.dropout(F.hardswish(maps), training=self.training),
    "weights": lambda self, maps: (maps + self.scale.view(8, 1, 1)) * self.scale.reshape(1, -1, 1, 1) - self.linear.bias[0],
    "normalized": normalized,
    "overlapping": overlapping,
}
WHOLE_MAP_OPERATIONS = {
    "GroupNorm": nn.GroupNorm(2, 8),
    "GroupNormAct": GroupNormAct(8, 4),
    "SEModule": SEModule(8),
    "EcaModule": EcaModule(8),
    "SqueezeExcitation": SqueezeExcitation(8, 4),
    "mean": lambda self, maps: maps - maps.mean(dim=[-2, -1], keepdim=True),
    "functions": lambda self, maps: maps * F.hardsigmoid(self.squeezed(F.adaptive_avg_pool2d(maps, (1, 1)))),
    "a norm whose map is read by others": lambda self, maps: (
        F.group_norm(maps, 2) * maps + torch.mean(maps, (2, 3), keepdim=True)
    ),
}
SIDES = (31, 32, 33, 36)


@pytest.mark.parametrize("name", LOCAL_OPERATIONS)
def test_local_operations(name):
    network = between(LOCAL_OPERATIONS[name])
    for size in SIDES:
        span = assert_equals_the_whole_network(
            network, "after", size, whole, first, last, lambda side: Span(1, 4), center, images=2
        )
        assert span.length < 20


@pytest.mark.parametrize("operation", [nn.ConstantPad2d(3, -1.5), nn.Conv2d(8, 8, 1, padding=3)])
def test_neurons_that_see_padding_alone(operation):
    network = between(operation)
    images = torch.randn(2, 3, 32, 32, dtype=torch.float64)
    maps, cut = plain(network, "after", images), cut_after(network, "after")
    for row in range(maps.shape[-1]):
        span, behind = slice(row, row + 1), window(cut, 32, lambda side: Span(row, row + 1))
        inside = (..., slice(*behind.span), slice(*behind.span))
        torch.testing.assert_close(
            restricted(cut, behind.margins)(images[inside]), maps[..., span, span], rtol=1e-10, atol=1e-10
        )


@pytest.mark.parametrize("name", WHOLE_MAP_OPERATIONS)
def test_whole_map_operations(name):
    network = between(WHOLE_MAP_OPERATIONS[name])
    for size in SIDES:
        for layer in ("after", "operation") if isinstance(network.operation, nn.Module) else ("after",):
            assert assert_equals_the_whole_network(network, layer, size, whole, first, last, center, images=2) == (0, size)


@pytest.mark.parametrize("size", SIDES)
@pytest.mark.parametrize("name", ["GroupNorm", "SEModule"])
def test_behind_a_whole_map_only_the_rows_that_are_needed_are_computed(name, size):
    cut = cut_after(between(WHOLE_MAP_OPERATIONS[name]), "after")
    network, read = restricted(cut, window(cut, size, center).margins), []
    network.after.register_forward_pre_hook(lambda module, inputs: read.append(inputs[0].shape[-1]))
    network(torch.randn(1, 3, size, size, dtype=torch.float64))
    assert read == [3]


class Reading(nn.Module):
    """A network whose operations are called as no module says: twice, in place, on maps of different sides."""

    def __init__(self, how: str):
        super().__init__()
        self.how = how
        self.first, self.second = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.norm, self.norm_too = (randomized_norm(nn.BatchNorm2d(4)) for _ in range(2))
        self.everything, self.relu, self.pool = nn.Conv2d(4, 4, 63), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)
        self.output = nn.Identity()

    def forward(self, images):
        maps = self.norm(self.first(images))
        if self.how == "one convolution twice":
            return self.output(self.norm_too(self.second(self.norm(self.second(maps)))))
        if self.how == "one batch norm twice":
            return self.output(self.norm(self.second(maps)))
        if self.how == "pooling of negative maps":
            return self.output(self.pool(self.second(maps)))
        if self.how == "in place":
            kept = self.relu(maps)
            return self.output(maps + self.second(kept))
        if self.how == "in place by argument":
            kept = F.relu(maps, inplace=True)
            return self.output(maps + self.second(kept))
        return self.output(maps + self.everything(maps))


def randomized_norm(norm: nn.BatchNorm2d) -> nn.BatchNorm2d:
    for values in (norm.running_mean, norm.bias.data):
        values.normal_()
    return norm


@pytest.mark.parametrize("how", ["one convolution twice", "one batch norm twice", "in place", "in place by argument"])
def test_modules_called_twice_and_operations_in_place(how):
    torch.manual_seed(0)
    assert_equals_the_whole_network(Reading(how).eval().double(), "output", 64, center)


def test_the_padding_of_a_max_pooling_is_never_the_largest():
    torch.manual_seed(0)
    network = Reading("pooling of negative maps").eval().double()
    nn.init.constant_(network.second.bias, -50)
    for wanted in (center, whole, lambda side: Span(0, 2), lambda side: Span(side - 2, side)):
        assert_equals_the_whole_network(network, "output", 33, wanted)


def positional(self, maps):
    return maps + self.scale.view(8, 1, 1) * torch.arange(64.0)


def behind_an_identity(self, maps):
    return self.squeezed(maps) + F.relu(F.dropout(maps, training=False), inplace=True)


@pytest.mark.parametrize(
    ("network", "layer", "culprit"),
    [
        (Reading("other sides").eval(), "output", "add .maps of different sides"),
        (nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, track_running_stats=False)).eval(), "1", "BatchNorm2d"),
        (nn.Sequential(nn.Conv2d(3, 4, 3, padding_mode="reflect", padding=1), nn.ReLU()).eval(), "1", "Conv2d"),
        (nn.Sequential(nn.Conv2d(3, 4, (1, 3)), nn.ReLU()).eval(), "1", "Conv2d"),
        (nn.Sequential(nn.Conv2d(3, 4, 3, padding="same"), nn.ReLU()).eval(), "1", "Conv2d"),
        (Between(Conv2dSame(8, 8, 3, 2)).eval(), "after", "Conv2dSame"),
        (Between(BatchNormAct2d(8, act_layer=nn.Softsign)).eval(), "after", "BatchNormAct2d"),
        (Between(nn.AvgPool2d(3, 2, 1, count_include_pad=False)).eval(), "after", "AvgPool2d"),
        (Between(nn.AdaptiveAvgPool2d(2)).eval(), "after", "AdaptiveAvgPool2d"),
        (Between(nn.ZeroPad2d((0, 1, 0, 1))).eval(), "after", "ZeroPad2d"),
        (Between(nn.LayerNorm(64)).eval(), "after", "LayerNorm"),
        (Between(nn.Linear(64, 64)).eval(), "after", "Linear"),
        (Between(positional).eval(), "after", "add"),
        (Between(lambda self, maps: maps * torch.ones(64)).eval(), "after", "mul"),
        (Between(lambda self, maps: maps - maps.mean(2, keepdim=True)).eval(), "after", "mean"),
        (Between(lambda self, maps: maps + maps.permute(0, 1, 3, 2)).eval(), "after", "permute"),
        (Between(lambda self, maps: maps * maps.shape[2]).eval(), "after", "getattr"),
        (Between(behind_an_identity).eval(), "after", "relu .in place on a map that is read again"),
    ],
)
def test_an_operation_that_is_not_known_to_be_local_is_named(network, layer, culprit):
    with pytest.raises(NotLocalError, match=culprit):
        window(cut_after(network, layer), 64, center)


@pytest.mark.parametrize(("layer", "sizes"), [("conv2d2", (64, 77)), ("mixed3a", (64, 77, 160)), ("mixed4a", (224, 225))])
def test_inception_whose_padding_and_pooling_are_functions(layer, sizes):
    """With more padding behind a map than before it, and branches that are put together."""
    network = randomized("inception_v1", 10).double()
    for size in sizes:
        assert_equals_the_whole_network(network, layer, size, center)
    assert_equals_the_whole_network(network, layer, sizes[0], lambda side: Span(side - 2, side))


def test_googlenet():
    network = randomized("googlenet", 10).double()
    for size in (96, 101):
        assert_equals_the_whole_network(network, "inception4a", size, center)
