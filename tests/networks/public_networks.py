"""Networks of torchvision and timm by name, with seeded random weights."""

from functools import lru_cache

import timm
import torch
from torch import nn
from torchvision.models import get_model

from conftest import enlivened
from scalestream.networks.architectures import NAMED
from scalestream.networks.tracing import Traced, trace
from scalestream.networks.weights import build

QUICK = ["resnet18", "resnet50", "convnext_tiny", "densenet121"]
QUICK += [f"timm:{name}" for name in ("resnetv2_50", "regnety_004", "efficientnet_b0", "dla34", "repvgg_a0")]
SLOW = ["cornet_s", "resnext50_32x4d", "regnet_y_400mf", "vgg11"]
SLOW += [f"timm:{name}" for name in ("seresnet50", "resnet50d", "res2net50_26w_4s", "cspresnet50", "vit_tiny_patch16_224")]


@lru_cache(maxsize=1)
def traced(name: str) -> tuple[nn.Module, Traced]:
    """The network in eval mode, frozen and not to be changed, and its graph."""
    torch.manual_seed(0)
    network = enlivened(_built(name).eval())
    for parameter_name, parameter in network.named_parameters():
        if parameter_name.endswith("layer_scale"):  # 1e-6 in a new network
            nn.init.uniform_(parameter, 0.5, 1.5)
    return network, trace(network)


def _built(name: str) -> nn.Module:
    if name.startswith("timm:"):
        return timm.create_model(name.removeprefix("timm:"))
    return build(name) if name in NAMED else get_model(name, weights=None)


def images(name: str) -> torch.Tensor:
    """Two images, as small as the network takes them."""
    side = 224 if "vit" in name else 64
    return torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(0))
