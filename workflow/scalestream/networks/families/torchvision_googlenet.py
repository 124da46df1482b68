"""torchvision's GoogLeNet, an InceptionV1 with batch norms, with the weights that it publishes."""

from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from scalestream.networks.families.torchvision_resnet import expected
from scalestream.networks.interface import Preprocessing
from scalestream.vision import models


class TorchvisionGoogLeNet:
    """With its auxiliary classifiers, which are in the published files and compute nothing in eval mode."""

    def __init__(self, name: str):
        self.name = name

    def build(self, num_classes: int | None = None) -> nn.Module:
        """With freshly initialised weights; of ImageNet's 1,000 classes, if no other number is given."""
        return models.googlenet(num_classes=num_classes or 1000, init_weights=False)

    def weights(self) -> dict[str, Preprocessing]:
        """The members of torchvision's enum, with their transforms, but for the normalisation: torchvision's network turns that
        of ImageNet into a mean and standard deviation of 0.5 by itself, where it has these weights."""
        halves = (0.5,) * 3
        return {each.name: replace(expected(each.transforms()), mean=halves, std=halves) for each in models.GoogLeNet_Weights}

    def fetch(self, weights: str) -> dict[str, torch.Tensor]:
        """The state dict, from torch's cache or the network, checked; raises OSError."""
        return models.GoogLeNet_Weights[weights].get_state_dict(progress=False, check_hash=True)

    def published_digest(self, weights: str) -> str:
        """The digits that torchvision has in the file's name: googlenet-1378be20.pth."""
        return Path(models.GoogLeNet_Weights[weights].url).stem.rpartition("-")[2]
