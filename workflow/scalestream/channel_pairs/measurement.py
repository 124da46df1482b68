"""Passes of one layer's visualizations through the network, for what all channels of another layer answer to them."""

from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from scalestream.activations.center import center_activations
from scalestream.errors import InputError
from scalestream.images.preprocessing import IMAGENET, Normalization, magnify, to_tensor
from scalestream.networks.device import device
from scalestream.networks.graph import cut_after
from scalestream.networks.receptive_field import center_row


class Answers(NamedTuple):
    """Center activations (N, C) of all channels of a layer to images, and to the same images magnified."""

    plain: np.ndarray
    scaled: np.ndarray

    @property
    def gains(self) -> np.ndarray:
        """(N, C): by how much a channel answers the magnified image more than the image itself, in the positive domain, as in
        Eq. 1."""
        return self.scaled.astype(np.float64) - np.maximum(self.plain, 0)


def answers(
    network: nn.Module,
    layer: str,
    images: list[np.ndarray],
    magnification: float,
    about: float | None = None,
    normalization: Normalization = IMAGENET,
) -> Answers:
    """What the layer's channels answer to 8-bit images (S, S, 3).

    magnification: of S; below 1 it shrinks the image, with the mean colour around it. about: as for `magnify`. Raises
    InputError naming the channel when an activation is not finite.
    """
    part, scale = cut_after(network, layer).to(device()), partial(magnify, factor=magnification, about=about)
    plain = center_activations(part, images, normalization=normalization).numpy()
    found = Answers(plain, center_activations(part, images, scale, normalization).numpy())
    for image, channel in np.argwhere(~np.isfinite(found.plain + found.scaled))[:1]:
        raise InputError(
            f"{layer}, channel {channel}: the answer to image {image} is not finite; check the weights (model.weights)"
        )
    return found


def fixed_row(network: nn.Module, earlier: str, later: str, side: int, magnification: float) -> float:
    """The row (and column) in pixels of `side` x `side` images about which to magnify, so that what the earlier layer's center
    neuron looks at comes to lie where the later layer's looks; the same one leads back when the image is shrunk."""
    of_earlier, of_later = (center_row(cut_after(network, layer), side) for layer in (earlier, later))
    return (magnification * of_earlier - of_later) / (magnification - 1)


def magnified_picture(image: np.ndarray, factor: float, about: float | None) -> np.ndarray:
    """An 8-bit image (S, S, 3), magnified, to look at."""
    pixels = magnify(to_tensor(image)[None], factor, about)[0].clamp(0, 1) * 255
    return pixels.round().to(torch.uint8).permute(1, 2, 0).numpy()
