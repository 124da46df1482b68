"""InceptionV1 as Lucent has it, converted from the network that feature visualization began with (Olah et al. 2017)."""

import torch
from lucent.modelzoo.inceptionv1.InceptionV1 import InceptionV1, model_urls
from torch import nn

from scalestream.networks.interface import Preprocessing

PRETRAINED = "pretrained"
MEAN, STD = 117 / 255, 1 / 255  # its input is 255 x - 117, of an image x in 0..1


class InceptionV1Family:
    """Lucent's network with the weights that it fetches.

    Its outputs are 1,008 classes in an order of their own, not ImageNet's, and its classifier reads maps of 7 x 7, so images of
    224 to 255 pixels; layers before it can be looked at in images of any size.
    """

    def __init__(self, name: str):
        self.name = name

    def build(self, num_classes: int | None = None) -> nn.Module:
        """With freshly initialised weights; of its own 1,008 classes, if no other number is given.

        It returns logits. Its ReLUs are plain ones: Lucent's have a gradient of their own below zero, for silent channels.
        """
        network = InceptionV1(redirected_ReLU=False)
        network.softmax2 = nn.Identity()
        if num_classes is not None:
            classifier = network.softmax2_pre_activation_matmul
            network.softmax2_pre_activation_matmul = nn.Linear(classifier.in_features, num_classes)
        return network

    def weights(self) -> dict[str, Preprocessing]:
        """Those that Lucent fetches, with its own preprocessing, `preprocess_inceptionv1`."""
        return {PRETRAINED: Preprocessing(mean=(MEAN,) * 3, std=(STD,) * 3)}

    def fetch(self, weights: str) -> dict[str, torch.Tensor]:
        """The state dict, from torch's cache or Lucent's address; raises OSError."""
        url = model_urls["inceptionv1"]
        return torch.hub.load_state_dict_from_url(url, map_location="cpu", progress=False, weights_only=True)

    def published_digest(self, weights: str) -> None:
        """None: the file's name says nothing of its content."""
