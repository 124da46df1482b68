"""The small network of the embedded default, with the weights that the project ships."""

import safetensors.torch
import torch
from torch import nn
from torchvision.models import ResNet
from torchvision.models.resnet import BasicBlock

from scalestream.networks.architectures import SHIPPED
from scalestream.networks.interface import Preprocessing

STAGES = range(1, 5)
DEPTHS = (2, 2, 2, 2)
WIDTHS = (16, 24, 32, 48)
CLASSES = 12  # of the drawn images


class SmallResNet:
    """torchvision's ResNet with two basic blocks and a few channels in each stage; the stem has the first stage's channels."""

    def __init__(self, name: str):
        self.name = name

    def build(self, num_classes: int | None = None) -> nn.Module:
        """torchvision's ResNet, its stem and stages made anew; of the drawn images' classes, if no other number is given."""
        num_classes = num_classes or CLASSES
        network = ResNet(BasicBlock, list(DEPTHS), num_classes=num_classes)
        network.inplanes = WIDTHS[0]
        network.conv1 = nn.Conv2d(3, WIDTHS[0], kernel_size=7, stride=2, padding=3, bias=False)
        network.bn1 = nn.BatchNorm2d(WIDTHS[0])
        for stage, depth, width in zip(STAGES, DEPTHS, WIDTHS):
            stride = 1 if stage == 1 else 2
            setattr(network, f"layer{stage}", network._make_layer(BasicBlock, width, depth, stride=stride))
        network.fc = nn.Linear(WIDTHS[-1], num_classes)
        return network

    def weights(self) -> dict[str, Preprocessing]:
        """The shipped ones, trained on images of half the side of ImageNet's."""
        return {"embedded": Preprocessing(resize=128, crop=112)}

    def fetch(self, weights: str) -> dict[str, torch.Tensor]:
        """The shipped state dict."""
        return safetensors.torch.load_file(SHIPPED[self.name][weights])

    def published_digest(self, weights: str) -> None:
        """None: it is published nowhere."""
