"""torchvision's GoogLeNet, an InceptionV1 with batch norms, with the weights that it publishes."""

from dataclasses import replace

from torch import nn

from scalestream.networks.families.torchvision_resnet import TorchvisionResNet
from scalestream.networks.interface import Preprocessing
from scalestream.vision import models


class TorchvisionGoogLeNet(TorchvisionResNet):
    """With its auxiliary classifiers, which are in the published files and compute nothing in eval mode."""

    def build(self, num_classes: int | None = None) -> nn.Module:
        """With freshly initialised weights; of ImageNet's 1,000 classes, if no other number is given."""
        return models.googlenet(num_classes=num_classes or 1000, init_weights=False)

    def weights(self) -> dict[str, Preprocessing]:
        """The members of torchvision's enum, with their transforms, but for the normalisation: torchvision's network turns that
        of ImageNet into a mean and standard deviation of 0.5 by itself, where it has these weights."""
        halves = (0.5,) * 3
        return {name: replace(expected, mean=halves, std=halves) for name, expected in super().weights().items()}
