"""Networks without nonlinearities, against ones whose modules are replaced by hand."""

from copy import deepcopy

import pytest
import timm
import torch
import torch.nn.functional as F
from timm.layers import BatchNormAct2d, SEModule
from torch import nn

from conftest import enlivened, randomized
from scalestream.errors import NotLinearError
from scalestream.networks.graph import cut_after
from scalestream.networks.linear import linearized
from scalestream.networks.tracing import trace


def by_hand(network: nn.Module) -> nn.Module:
    """torchvision's ResNet with other modules in the places of its ReLUs and its max pooling."""
    network = deepcopy(network)
    for module in network.modules():
        if hasattr(module, "relu"):
            module.relu = nn.Identity()
    network.maxpool = nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False)
    return network


def map_of(network: nn.Module, layer: str, images: torch.Tensor) -> torch.Tensor:
    found = []
    hook = network.get_submodule(layer).register_forward_hook(lambda module, inputs, output: found.append(output.clone()))
    network(images)
    hook.remove()
    return found[0]


def whole(network: nn.Module):
    return trace(network.eval()).module


@pytest.mark.parametrize("layer", ["layer2.0.downsample.1", "layer3.1.bn2"])
def test_it_is_the_network_without_its_relus_and_with_a_mean_for_its_max_pooling(small, layer):
    images = torch.randn(2, 3, 64, 64)
    part = cut_after(small, layer)
    before = part(images)
    torch.testing.assert_close(linearized(part, 64)(images), map_of(by_hand(small), layer, images))
    assert torch.equal(part(images), before)  # whose modules are as they were


def test_at_the_border_pooling_averages_what_lies_inside_the_map():
    image = torch.arange(16.0).reshape(1, 1, 4, 4).expand(1, 3, 4, 4)
    pooled = linearized(whole(nn.Sequential(nn.MaxPool2d(3, stride=2, padding=1))), 4)(image)[0, 0]
    assert pooled[0, 0] == (0 + 1 + 4 + 5) / 4 and pooled[0, 1] == (1 + 2 + 3 + 5 + 6 + 7) / 6
    assert pooled[1, 1] == (5 + 6 + 7 + 9 + 10 + 11 + 13 + 14 + 15) / 9


def test_an_activation_inside_of_a_norm_is_left_out():
    network = enlivened(nn.Sequential(nn.Conv2d(3, 4, 3), BatchNormAct2d(4, act_layer=nn.SiLU)))
    images = torch.randn(2, 3, 8, 8)
    norm = network[1]
    expected = F.batch_norm(network[0](images), norm.running_mean, norm.running_var, norm.weight, norm.bias, eps=norm.eps)
    torch.testing.assert_close(linearized(whole(network), 8)(images), expected)
    assert isinstance(norm.act, nn.SiLU)


class Overwrites(nn.Module):
    """Adds in place to what an activation made, and reads the activation's input again."""

    def forward(self, x):
        return F.relu(x).add_(1) + x


def test_what_is_read_again_is_not_overwritten():
    images = torch.randn(1, 3, 4, 4)
    torch.testing.assert_close(linearized(whole(Overwrites()), 4)(images), 2 * images + 1)


class Norm(nn.Module):
    def forward(self, x):
        return F.group_norm(x, 3)


@pytest.mark.parametrize(
    ("network", "operation"),
    [
        (nn.Sequential(nn.Conv2d(3, 16, 3), SEModule(16)), "mul"),
        (Norm(), "group_norm"),
        (nn.Sequential(nn.Conv2d(3, 4, 3), nn.InstanceNorm2d(4)), "_1"),
        (nn.Sequential(nn.MaxPool2d(2, dilation=2)), "_0"),
        (nn.Sequential(nn.Softmax(dim=1)), "_0"),
    ],
)
def test_what_is_not_linear_all_the_same_is_named(network, operation):
    with pytest.raises(NotLinearError, match=rf"^{operation}$"):
        linearized(whole(network), 16)


def test_networks_of_other_families():
    images = torch.randn(1, 3, 64, 64)
    network = enlivened(timm.create_model("resnet18d").eval())
    linear = linearized(cut_after(network, "layer2.0.bn2"), 64)
    both, one, none = (linear(each) for each in (images * 3, images, images * 0))
    torch.testing.assert_close(both - none, 3 * (one - none), rtol=1e-3, atol=1e-4)
    with pytest.raises(NotLinearError):
        linearized(cut_after(enlivened(timm.create_model("seresnet18").eval()), "layer2.0"), 64)
    linearized(cut_after(randomized("cornet_s", 12), "V2.t1.norm3"), 64)
