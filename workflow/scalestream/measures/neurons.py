"""The center neurons of a block on magnified images, of which only what these neurons see is computed."""

import logging

import torch
from torch import nn

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
            seen = magnify(images, 2**octave, self.about, self.rows)
            maps = self.part(seen.contiguous(memory_format=torch.channels_last))
            activations.append(torch.stack([center(maps[layer]) for layer in self.layers]))
        return torch.stack(activations, dim=2)
