"""The two criteria of a scale-invariant channel (paper, section 3, equations 1 and 2)."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import torch
from PIL import Image
from torch import nn

from scalestream.architectures import Block
from scalestream.errors import InputError
from scalestream.network import cut_after, device
from scalestream.preprocessing import magnify
from scalestream.visualization import center_activations


@dataclass(frozen=True)
class Thresholds:
    """tolerance: Eq. 2 holds for a ratio between 1 / tolerance and tolerance; magnification: the factor of S."""

    tolerance: float = 1.5
    magnification: float = 2


def response_gain(pre_in: float, pre_in_scaled: float) -> float:
    """By how much Pre answers the magnified In image more than the image itself, in the positive domain; Eq. 1 holds where
    it is above zero."""
    return pre_in_scaled - max(pre_in, 0)


def post_ratio(post_in: float, post_pre: float) -> float | None:
    """The ratio of Eq. 2; None where one of its terms is not above zero."""
    return post_in / post_pre if post_in > 0 and post_pre > 0 else None


def post_is_invariant(ratio: float | None, tolerance: float) -> bool:
    """Eq. 2, both bounds strict; a missing ratio fails."""
    return ratio is not None and 1 / tolerance < ratio < tolerance


def judge(block: str, channel: int, pre_in: float, pre_in_scaled: float, post_in: float, post_pre: float,
          tolerance: float) -> dict:
    """A row of the criteria table: the four activations, the response gain, the ratio and the verdict.

    Raises InputError naming the channel when an activation is not finite.
    """
    terms = {"pre_in": pre_in, "pre_in_scaled": pre_in_scaled, "post_in": post_in, "post_pre": post_pre}
    for name, value in terms.items():
        if not np.isfinite(value):
            raise InputError(f"block {block}, channel {channel}: {name} is {value}; check the weights (model.weights)")
    gain, ratio = response_gain(pre_in, pre_in_scaled), post_ratio(post_in, post_pre)
    grows, invariant = gain > 0, post_is_invariant(ratio, tolerance)
    return {"block": block, "channel": channel, **terms, "gain": gain, "ratio": ratio, "gain_passes": grows,
            "ratio_passes": invariant, "passes": grows and invariant}


def evaluate(network: nn.Module, block: Block, x_in: list[np.ndarray], x_pre: list[np.ndarray],
             thresholds: Thresholds) -> list[dict]:
    """One row a channel of the block.

    x_in, x_pre: center-neuron visualizations at In and Pre, 8-bit RGB (S, S, 3), in the order of the channels.
    """
    pre = cut_after(network, block.pre).to(device())
    post = cut_after(network, block.post).to(device())
    scaled = [np.array(magnify(Image.fromarray(image), thresholds.magnification)) for image in x_in]
    columns = [_own_channel(part, images) for part, images in ((pre, x_in), (pre, scaled), (post, x_in), (post, x_pre))]
    return [judge(block.name, channel, *terms, thresholds.tolerance)
            for channel, terms in enumerate(zip(*columns, strict=True))]


def _own_channel(part: nn.Module, images: list[np.ndarray]) -> list[float]:
    """Center activation of channel c for image c."""
    return torch.diagonal(center_activations(part, images)).tolist()


def passing_channels(table: pa.Table) -> list[int]:
    """The channels that pass both criteria, in ascending order, from a block's table of criteria."""
    return sorted(row["channel"] for row in table.to_pylist() if row["passes"])
