"""Ablation of channels of one block, for many channel sets at once (paper, section 4)."""

from collections.abc import Iterator

import torch
from torch import nn

from scalestream.errors import InputError
from scalestream.networks.device import device
from scalestream.networks.graph import largest_map, split_after, with_batch_norm_folded, without_first_convolutions
from scalestream.networks.interface import Block


def overwrite(post: torch.Tensor, channels: list[int], replacement: torch.Tensor) -> torch.Tensor:
    """A copy of the Post map (N, C, H, W) with the channels overwritten by those of the replacement.

    replacement: (N, C, H, W), or of length 1 where it is the same for all images or positions.
    """
    ablated = post.clone()
    ablated[:, channels] = replacement[:, channels].to(post)
    return ablated


def finite(logits: torch.Tensor, block: Block, change: str) -> torch.Tensor:
    """The logits (N, classes); raises InputError naming the block and what is changed in it where they are not finite."""
    if not torch.isfinite(logits).all():
        raise InputError(
            f"block {block.name}: the network's output is not finite with {change}; check the weights (model.weights)"
        )
    return logits


class AblatedNetwork:
    """A network that is run once up to a block's Post map, and from there once for every set of channels to ablate.

    A convolution that reads the Post map is linear in it, so it is run on the whole map once, and for every set only on what
    the ablation changes. Batch norm is folded.
    """

    def __init__(self, network: nn.Module, block: Block, means: torch.Tensor, replacement: str = "mean"):
        """means: (C,), the mean center activation of each channel of the block's stream. replacement: what an ablated map is
        overwritten with: "mean", its mean center activation (paper, section 4); "zero"; or "resample", the channel's map of
        another image.
        """
        self.block, self.replacement, self.means = block, replacement, means
        before, after = (
            with_batch_norm_folded(part).to(device(), memory_format=torch.channels_last)
            for part in split_after(network, block.stream)
        )
        self.before = before
        self.largest: dict[int, int] = {}  # map before Post in numbers an image, by the side of the images
        self.convolutions, self.after = without_first_convolutions(after)

    @property
    def amounts(self) -> list[float]:
        """The mean activations, of all that can be ablated."""
        return self.means.tolist()

    @torch.inference_mode()
    def logits(
        self, images: torch.Tensor, conditions: list[list[int]], donors: torch.Tensor | None = None
    ) -> Iterator[torch.Tensor]:
        """Logits (N, classes) of network input (N, 3, S, S) under every condition, in order.

        conditions: the channel sets to ablate, [] for the intact network. donors: for "resample", network input of the other
        images, one for each. Raises InputError for logits that are not finite.
        """
        post, replacement = self._post(images), self._replacement(donors)
        outputs = [convolution(post) for convolution in self.convolutions]
        size = self._together(images, post)
        for first in range(0, len(conditions), size):
            group = conditions[first : first + size]
            inputs = zip(*(self._ablated(post, outputs, channels, replacement) for channels in group))
            logits = self.after(*map(torch.cat, inputs)).chunk(len(group))
            for channels, of_condition in zip(group, logits, strict=True):
                yield finite(of_condition, self.block, f"{len(channels)} channels ablated")

    def _post(self, images: torch.Tensor) -> torch.Tensor:
        return self.before(images.contiguous(memory_format=torch.channels_last))

    def _replacement(self, donors: torch.Tensor | None) -> torch.Tensor:
        """What ablated maps are overwritten with, as `overwrite` takes it."""
        if self.replacement == "resample":
            return self._post(donors)
        return (self.means if self.replacement == "mean" else torch.zeros_like(self.means))[None, :, None, None]

    def _ablated(
        self, post: torch.Tensor, outputs: list[torch.Tensor], channels: list[int], replacement: torch.Tensor
    ) -> list[torch.Tensor]:
        """The Post map with the channels ablated, and the outputs of the convolutions on it, given those on `post`."""
        ablated = overwrite(post, channels, replacement)
        if not channels:
            return [ablated, *outputs]
        change = ablated[:, channels] - post[:, channels]
        return [
            ablated,
            *(
                output + on_channels(convolution, change, channels)
                for output, convolution in zip(outputs, self.convolutions, strict=True)
            ),
        ]

    def _together(self, images: torch.Tensor, post: torch.Tensor) -> int:
        """As many conditions as make maps no larger than the largest that leads to Post."""
        side = images.shape[-1]
        if side not in self.largest:
            self.largest[side] = largest_map(self.before, images[:1])
        return max(1, self.largest[side] // post[0].numel())


def on_channels(convolution: nn.Conv2d, change: torch.Tensor, channels: list[int] | slice) -> torch.Tensor:
    """What the convolution, without bias, makes of some of its input channels."""
    return nn.functional.conv2d(
        change, convolution.weight[:, channels], None, convolution.stride, convolution.padding, convolution.dilation
    )
