"""The two criteria of a scale-invariant channel (paper, section 3, equations 1 and 2)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import nn

from scalestream.activations.center import center_activations
from scalestream.criteria.equations import judge
from scalestream.images.preprocessing import IMAGENET, Normalization, magnify
from scalestream.networks.device import device
from scalestream.networks.graph import cut_after
from scalestream.networks.interface import Block


@dataclass(frozen=True)
class Thresholds:
    """tolerance: Eq. 2 holds for a ratio between 1 / tolerance and tolerance; magnification: the factor of S."""

    tolerance: float = 1.5
    magnification: float = 2


def evaluate(
    network: nn.Module,
    block: Block,
    x_in: list[np.ndarray],
    x_pre: list[np.ndarray],
    thresholds: Thresholds,
    normalization: Normalization = IMAGENET,
) -> list[dict]:
    """One row a channel of the block.

    x_in, x_pre: center-neuron visualizations at In and Pre, 8-bit RGB (S, S, 3), in the order of the channels.
    """
    pre = cut_after(network, block.pre).to(device())
    post = cut_after(network, block.post).to(device())
    own_channel = partial(_own_channel, normalization=normalization)
    columns = [
        own_channel(pre, x_in),
        own_channel(pre, x_in, partial(magnify, factor=thresholds.magnification)),
        own_channel(post, x_in),
        own_channel(post, x_pre),
    ]
    return [
        judge(block.name, channel, *terms, thresholds.tolerance) for channel, terms in enumerate(zip(*columns, strict=True))
    ]


def _own_channel(part: nn.Module, images: list[np.ndarray], *transform: Callable, normalization: Normalization) -> list[float]:
    """Center activation of channel c for image c."""
    return torch.diagonal(center_activations(part, images, *transform, normalization=normalization)).tolist()
