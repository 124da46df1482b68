"""torchvision's ResNets, with the weights that it publishes."""

from pathlib import Path

import torch
from torch import nn

from scalestream.networks.interface import Preprocessing
from scalestream.vision import models


class TorchvisionResNet:
    """The ResNet of the given name."""

    def __init__(self, name: str):
        self.name = name

    def build(self, num_classes: int | None = None) -> nn.Module:
        """With freshly initialised weights; of ImageNet's 1,000 classes, if no other number is given."""
        return models.get_model(self.name, weights=None, num_classes=num_classes or 1000)

    def weights(self) -> dict[str, Preprocessing]:
        """The members of torchvision's enum, with their transforms."""
        return {weights.name: _expected(weights.transforms()) for weights in models.get_model_weights(self.name)}

    def fetch(self, weights: str) -> dict[str, torch.Tensor]:
        """The state dict, from torch's cache or the network, checked; raises OSError."""
        return models.get_model_weights(self.name)[weights].get_state_dict(progress=False, check_hash=True)

    def published_digest(self, weights: str) -> str:
        """The digits that torchvision has in the file's name: resnet18-f37072fd.pth."""
        return Path(models.get_model_weights(self.name)[weights].url).stem.rpartition("-")[2]


def _expected(transforms) -> Preprocessing:
    """What weights of torchvision expect, from their transforms."""
    (resize,), (crop,) = transforms.resize_size, transforms.crop_size
    return Preprocessing(resize, crop, transforms.interpolation.value, tuple(transforms.mean), tuple(transforms.std))
