"""Lesion of a block's stream: the intact network, in whose sum of In and Pre something else takes In's place."""

from collections.abc import Iterator, Mapping

import torch
from torch import nn

from scalestream.ablation.ablated_network import finite
from scalestream.networks.device import device
from scalestream.networks.graph import joined, maps_of, split_after, with_batch_norm_folded
from scalestream.networks.interface import Block


class LesionedNetwork:
    """A network that is run once up to a block's In and Pre, and from there once as it is and once for every lesion.

    The branch that makes Pre still reads In. Batch norm is folded.
    """

    replacement = None  # each of its conditions has its own

    def __init__(self, network: nn.Module, block: Block, values: Mapping[str, torch.Tensor]):
        """block: no pair. values: by lesion, what every channel of In is at all positions, (C,)."""
        self.block = block
        self.values = {lesion: value[None, :, None, None].to(device()) for lesion, value in values.items()}
        self.before, self.post, self.after = (
            with_batch_norm_folded(part).to(device(), memory_format=torch.channels_last)
            for part in (
                maps_of(network, [block.input, block.pre]),
                joined(network, block.input, block.pre, block.stream),
                split_after(network, block.stream)[1],
            )
        )

    @torch.inference_mode()
    def logits(self, images: torch.Tensor, conditions: list[list[str]], donors: None = None) -> Iterator[torch.Tensor]:
        """Logits (N, classes) of network input (N, 3, S, S) under every condition, in order: the name of a lesion, [] for the
        intact network. Raises InputError for logits that are not finite."""
        at_in, pre = self.before(images.contiguous(memory_format=torch.channels_last)).values()
        for lesion in conditions:
            bypass = self.values[lesion[0]].to(at_in).expand_as(at_in) if lesion else at_in
            change = f"{lesion[0]} in In's place" if lesion else "nothing changed"
            yield finite(self.after(self.post(bypass, pre)), self.block, change)
