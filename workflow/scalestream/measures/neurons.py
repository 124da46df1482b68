"""The center neurons of a block on magnified images, of which only what these neurons see is computed."""

import logging
from collections.abc import Sequence

import torch
from torch import nn

from scalestream.activations import extraction
from scalestream.activations.center import center
from scalestream.errors import NotLocalError
from scalestream.images.preprocessing import magnify
from scalestream.networks.graph import cut_after, maps_of, with_batch_norm_folded
from scalestream.networks.interface import Block
from scalestream.networks.receptive_field import center_row, center_span, restricted, window


class CenterNeurons(nn.Module):
    """In, Pre and Post of a block on images of `size` x `size` pixels, magnified by octaves about what the neurons look at.

    about: the row, and column, in pixels, that is magnified about. rows: of the magnified image, and columns, that the network
    runs on.
    """

    def __init__(self, network: nn.Module, block: Block, size: int, octaves: list[float]):
        super().__init__()
        self.block, self.octaves, self.layers = block, octaves, list(block.layers.values())
        self.about = center_row(cut_after(network, block.pre), size)
        whole = with_batch_norm_folded(maps_of(network, self.layers))
        try:
            seen = window(whole, size, center_span)
            self.part, self.rows = restricted(whole, seen.margins), slice(*seen.span)
        except NotLocalError as unknown:
            logging.warning("the network runs on whole images, as its receptive field cannot be derived: %s", unknown)
            self.part, self.rows = whole, slice(0, size)
        self.to(memory_format=torch.channels_last)  # faster on a CPU

    @torch.inference_mode()
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Network input (N, 3, S, S) -> activations (3, N, F, C) of In, Pre and Post, by image, factor and channel."""
        activations = []
        for octave in self.octaves:
            maps = self.part(self.magnified(images, octave).contiguous(memory_format=torch.channels_last))
            activations.append(torch.stack([center(maps[layer]) for layer in self.layers]))
        return torch.stack(activations, dim=2)

    def magnified(self, images: torch.Tensor, octave: float) -> torch.Tensor:
        """The rows, and columns, of the magnified images that the network runs on."""
        return magnify(images, 2**octave, self.about, self.rows)


def require_finite(block: Block, images: Sequence[str], activations: torch.Tensor) -> None:
    """Raises InputError naming the first channel and image whose activation is not finite.

    images: their names. activations: (3, N, F, C), as `CenterNeurons` gives them.
    """
    if activations.isfinite().all():
        return
    for layer, of_layer in zip(block.layers.values(), activations):
        for of_factor in of_layer.unbind(dim=1):
            extraction.require_finite(images, of_factor.cpu().numpy(), layer)
