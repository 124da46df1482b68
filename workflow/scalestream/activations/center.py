"""The center neuron of a map, and its activation for single images."""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from scalestream.images.preprocessing import IMAGENET, Normalization, normalize, to_tensor
from scalestream.networks.device import device


def center(maps: torch.Tensor) -> torch.Tensor:
    """Center neuron of every channel: (N, C, H, W) -> (N, C), at row H // 2, column W // 2 (Lucent's convention)."""
    return maps[:, :, maps.shape[2] // 2, maps.shape[3] // 2]


@torch.inference_mode()
def center_activations(
    part: nn.Module,
    images: list[np.ndarray],
    transform: Callable[[torch.Tensor], torch.Tensor] = lambda inputs: inputs,
    normalization: Normalization = IMAGENET,
    batch_size: int = 64,
) -> torch.Tensor:
    """(N, C): center activations of the 8-bit images (S, S, 3) at the layer that `part` computes.

    transform: of network input (N, 3, S, S) to what the network gets.
    """
    target = device()
    batches = (
        torch.stack([to_tensor(image) for image in images[first : first + batch_size]])
        for first in range(0, len(images), batch_size)
    )
    return torch.cat([center(part(transform(normalize(batch.to(target), normalization)))).cpu() for batch in batches])
