"""Ablation of directions of a block's Post, of which a channel is one: what lies along them is replaced by its mean."""

import torch
from torch import nn

from scalestream.ablation.ablated_network import AblatedNetwork, on_channels
from scalestream.networks.device import device
from scalestream.networks.interface import Block


class DirectionAblatedNetwork(AblatedNetwork):
    """As `AblatedNetwork`, whose conditions name directions by their number: at every position the part of the map that lies in
    the span of a condition's directions becomes that of the mean activations.

    Of directions that are channels it is the mean ablation of these.
    """

    def __init__(self, network: nn.Module, block: Block, means: torch.Tensor, directions: torch.Tensor):
        """means: (C,), the mean center activation of each channel of the block's stream. directions: (K, C), none of zeros."""
        super().__init__(network, block, means)
        self.directions = nn.functional.normalize(directions.double(), dim=1)

    @property
    def amounts(self) -> list[float]:
        """Of each direction, how much of it the mean activations have."""
        return (self.directions @ self.means.double()).tolist()

    def _ablated(
        self, post: torch.Tensor, outputs: list[torch.Tensor], numbers: list[int], replacement: torch.Tensor
    ) -> list[torch.Tensor]:
        if not numbers:
            return [post, *outputs]
        change = torch.einsum("cd,ndhw->nchw", self._onto(numbers).to(post), replacement.to(post) - post)
        convolutions = zip(outputs, self.convolutions, strict=True)
        return [
            post + change,
            *(output + on_channels(convolution, change, slice(None)) for output, convolution in convolutions),
        ]

    def _onto(self, numbers: list[int]) -> torch.Tensor:
        """(C, C): the projection onto the span of directions, which need not be independent."""
        chosen = self.directions[numbers].T
        return (chosen @ torch.linalg.pinv(chosen)).to(device())
