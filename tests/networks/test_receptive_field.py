"""Windows derived from a network's modules, against the whole network in a plain forward and backward pass."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torchvision.models import resnet50, squeezenet1_1
from torchvision.models.feature_extraction import create_feature_extractor

from conftest import layers_of, randomized
from scalestream.errors import NotLocalError
from scalestream.networks.graph import cut_after, with_batch_norm_folded
from scalestream.networks.receptive_field import Span, restricted, window

PAPER_SIZES = (224, 225, 230, 236)  # what random_scale makes of 224 pixels
RECEPTIVE_FIELDS = {"layer1.1": 43, "layer2.0": 67, "layer2.1.bn2": 99, "layer3.0": 147, "layer3.1": 211}


def center(side: int) -> Span:
    return Span(side // 2, side // 2 + 1)


def whole(side: int) -> Span:
    return Span(0, side)


def assert_equals_the_whole_network(network, layer: str, size: int, wanted) -> Span:
    """The span of the map, and its gradient, come out of the window as they do out of a plain pass over the whole image."""
    images = torch.randn(2, 3, size, size, dtype=torch.float64, requires_grad=True)
    maps = create_feature_extractor(network, {layer: layer})(images)[layer]
    span = slice(*wanted(maps.shape[-1]))
    expected = maps[..., span, span]
    weights = torch.randn_like(expected)
    (gradient,) = torch.autograd.grad((expected * weights).sum(), images)

    part = with_batch_norm_folded(cut_after(network, layer))
    found = window(part, size, wanted)
    inside = (..., slice(*found.span), slice(*found.span))
    windowed = images.detach()[inside].requires_grad_()
    ours = restricted(part, found.margins)(windowed)
    torch.testing.assert_close(ours, expected, rtol=1e-10, atol=1e-10)
    (our_gradient,) = torch.autograd.grad((ours * weights).sum(), windowed)
    torch.testing.assert_close(our_gradient, gradient[inside], rtol=1e-10, atol=1e-10)
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


@pytest.mark.parametrize(
    ("build", "layer"),
    [(resnet50, "layer2.1"), (lambda: resnet50(replace_stride_with_dilation=[False, True, True]), "layer3.1")],
)
def test_other_networks_get_their_windows_too(build, layer):
    torch.manual_seed(0)
    span = assert_equals_the_whole_network(build().eval().double(), layer, 160, center)
    assert span.length < 160 or layer == "layer3.1"


class Reading(nn.Module):
    """A network whose operations are called as no module says: twice, in place, on maps of different sides."""

    def __init__(self, how: str):
        super().__init__()
        self.how = how
        self.first, self.second = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.norm, self.norm_too = (randomized_norm(nn.BatchNorm2d(4)) for _ in range(2))
        self.everything, self.relu, self.pool = nn.Conv2d(4, 4, 64), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)
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


@pytest.mark.parametrize("how", ["one convolution twice", "one batch norm twice"])
def test_modules_that_are_called_twice(how):
    torch.manual_seed(0)
    assert_equals_the_whole_network(Reading(how).eval().double(), "output", 64, center)


def test_the_padding_of_a_max_pooling_is_never_the_largest():
    torch.manual_seed(0)
    network = Reading("pooling of negative maps").eval().double()
    nn.init.constant_(network.second.bias, -50)
    for wanted in (center, whole, lambda side: Span(0, 2), lambda side: Span(side - 2, side)):
        assert_equals_the_whole_network(network, "output", 33, wanted)


class Squeezing(nn.Module):
    """A network in which every pixel depends on the whole image."""

    def __init__(self):
        super().__init__()
        self.convolution, self.everything, self.output = nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.ReLU()

    def forward(self, images):
        maps = self.convolution(images)
        return self.output(maps - self.everything(maps))


@pytest.mark.parametrize(
    ("network", "layer", "culprit"),
    [
        (Squeezing().eval(), "output", "everything"),
        (Reading("in place").eval(), "output", "relu .in place on a map that is read again"),
        (Reading("in place by argument").eval(), "output", "relu .in place on a map that is read again"),
        (Reading("other sides").eval(), "output", "add .maps of different sides"),
        (nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, track_running_stats=False)).eval(), "1", "BatchNorm2d"),
        (squeezenet1_1().eval(), "features.6", "ceil|MaxPool2d|cat"),
        (nn.Sequential(nn.Conv2d(3, 4, 3, padding_mode="reflect", padding=1), nn.ReLU()).eval(), "1", "Conv2d"),
        (nn.Sequential(nn.Conv2d(3, 4, (1, 3)), nn.ReLU()).eval(), "1", "Conv2d"),
        (nn.Sequential(nn.Conv2d(3, 4, 3, padding="same"), nn.ReLU()).eval(), "1", "Conv2d"),
    ],
)
def test_an_operation_that_is_not_known_to_be_local_is_named(network, layer, culprit):
    with pytest.raises(NotLocalError, match=culprit):
        window(cut_after(network, layer), 64, center)
