"""The small network of the embedded default, with the weights that the project ships, and a wider and a deeper one."""

from dataclasses import dataclass

import safetensors.torch
import torch
from torch import nn

from scalestream.networks.architectures import SHIPPED
from scalestream.networks.interface import RANDOM, Preprocessing
from scalestream.vision import BasicBlock, ResNet

STAGES = range(1, 5)
CLASSES = 12  # of the drawn images
EXPECTED = Preprocessing(resize=128, crop=112)  # half the side of ImageNet's images


@dataclass(frozen=True)
class Size:
    """depths: blocks by stage. widths: channels by stage; the stem has the first stage's."""

    depths: tuple[int, ...] = (2, 2, 2, 2)
    widths: tuple[int, ...] = (16, 24, 32, 48)


SIZES = {"small": Size(), "small_wide": Size(widths=(24, 36, 48, 72)), "small_deep": Size(depths=(3, 3, 3, 3))}


class SmallResNet:
    """torchvision's ResNet with basic blocks and a few channels in each stage."""

    def __init__(self, name: str):
        self.name = name

    def build(self, num_classes: int | None = None) -> nn.Module:
        """Of the drawn images' classes, if no other number is given."""
        return small_resnet(SIZES[self.name], BasicBlock, num_classes)

    def weights(self) -> dict[str, Preprocessing]:
        """The shipped ones, or any seed in place of SEED."""
        return dict.fromkeys(SHIPPED.get(self.name, (f"{RANDOM}SEED",)), EXPECTED)

    def fetch(self, weights: str) -> dict[str, torch.Tensor]:
        """The shipped state dict."""
        return safetensors.torch.load_file(SHIPPED[self.name][weights])

    def published_digest(self, weights: str) -> None:
        """None: it is published nowhere."""


def small_resnet(size: Size, block: type[BasicBlock], num_classes: int | None = None) -> ResNet:
    """torchvision's ResNet of such blocks, its stem and stages made anew."""
    num_classes = num_classes or CLASSES
    network = ResNet(block, list(size.depths), num_classes=num_classes)
    network.inplanes = size.widths[0]
    network.conv1 = nn.Conv2d(3, network.inplanes, kernel_size=7, stride=2, padding=3, bias=False)
    network.bn1 = nn.BatchNorm2d(network.inplanes)
    for stage, depth, width in zip(STAGES, size.depths, size.widths):
        stride = 1 if stage == 1 else 2
        setattr(network, f"layer{stage}", network._make_layer(block, width, depth, stride=stride))
    network.fc = nn.Linear(size.widths[-1], num_classes)
    return network
