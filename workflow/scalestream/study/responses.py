"""Responses of In, Pre and Post to visualizations and top images, magnified and shrunk (paper, sections 3 and 8)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from PIL import Image
from torch import nn

from scalestream.activations.center import center
from scalestream.errors import InputError
from scalestream.images.geometry import magnification_crop
from scalestream.images.preprocessing import IMAGENET, Normalization, magnify, normalize, to_tensor
from scalestream.networks.device import device
from scalestream.networks.graph import cut_after, maps_of
from scalestream.networks.interface import Block
from scalestream.networks.receptive_field import center_row
from scalestream.run.checkpoint import Checkpoint
from scalestream.vision import functional as F

STIMULI = 16  # that go through the network together, at every magnification


@dataclass(frozen=True)
class Stimulus:
    """An image that excites a channel, which `open` gives as 8-bit RGB (S, S, 3).

    source: the layer that it excites, "In" or "Pre". kind: "visualization" or "image". rank: of a top image, 1 for the
    strongest.
    """

    channel: int
    source: str
    kind: str
    rank: int | None
    open: Callable[[], np.ndarray]


def scaled(
    image: Image.Image, factor: float, normalization: Normalization = IMAGENET, about: float | None = None
) -> torch.Tensor:
    """Network input (3, S, S): S(X) for a factor above 1 (paper, section 3); for one below, the shrunken image in its mean
    colour.

    about: the row and column, in pixels, that stays where it is, in place of the image's middle.
    """
    if about is None and factor < 1:
        return normalize(to_tensor(shrunk(image, factor)), normalization)
    inputs = normalize(to_tensor(image), normalization)
    if about is None or factor == 1:
        return magnify(inputs, factor)
    colour = inputs.mean(dim=(1, 2), keepdim=True) if factor < 1 else 0
    return magnify((inputs - colour)[None], factor, about)[0] + colour


def shrunk(image: Image.Image, factor: float) -> Image.Image:
    """The image, resized bilinearly to round(side * factor) pixels, in the middle of a square of its mean colour."""
    side, small = image.width, magnification_crop(image.width, 1 / factor)
    colour = np.asarray(image).mean(axis=(0, 1)).round().astype(int)
    square = Image.new("RGB", (side, side), tuple(colour.tolist()))
    square.paste(F.resize(image, [small, small]), ((side - small) // 2, (side - small) // 2))
    return square


def measure(
    network: nn.Module,
    block: Block,
    stimuli: list[Stimulus],
    magnifications: list[float],
    watch: Callable[..., Iterable[int]] = lambda items, **_: items,
    checkpoint: Checkpoint | None = None,
    normalization: Normalization = IMAGENET,
    about: str = "image",
) -> Iterator[dict]:
    """Rows of the table of responses: center activations of each stimulus' own channel, at every magnification.

    watch: wraps the numbers of the first stimuli of the batches, to show progress. checkpoint: what an earlier try kept is not
    done again. about: what images are magnified about, as for `criteria.measurement.measure`. Raises InputError naming the
    channel when a response is not finite.
    """
    part = maps_of(network, block.layers.values()).to(device())
    row = center_row(cut_after(network, block.pre), len(stimuli[0].open())) if about == "neuron" else None
    scaled_by = partial(scaled, normalization=normalization, about=row)
    checkpoint = checkpoint or Checkpoint()
    earlier = checkpoint.get("responses")
    measured = [] if earlier is None else [earlier]
    done = sum(map(len, measured))
    for first in watch(range(done, len(stimuli), STIMULI), before=done, each=STIMULI):
        batch = stimuli[first : first + STIMULI]
        measured.append(_responses(part, block, batch, magnifications, scaled_by))
        _require_finite(measured[-1], block, batch)
        checkpoint.keep("responses", lambda: torch.cat(measured))
    for stimulus, responses in zip(stimuli, torch.cat(measured).tolist(), strict=True):
        for factor, (at_in, at_pre, at_post) in zip(magnifications, responses, strict=True):
            yield {
                "block": block.name,
                "channel": stimulus.channel,
                "source": stimulus.source,
                "stimulus": stimulus.kind,
                "rank": stimulus.rank,
                "magnification": factor,
                "in": at_in,
                "pre": at_pre,
                "post": at_post,
            }


@torch.inference_mode()
def _responses(
    part: nn.Module,
    block: Block,
    stimuli: list[Stimulus],
    magnifications: list[float],
    scaled_by: Callable[[Image.Image, float], torch.Tensor],
) -> torch.Tensor:
    """(stimuli, magnifications, 3): In, Pre and Post of each stimulus' channel."""
    images = [Image.fromarray(stimulus.open()) for stimulus in stimuli]
    inputs = torch.stack([scaled_by(image, factor) for image in images for factor in magnifications])
    channels = [stimulus.channel for stimulus in stimuli for _ in magnifications]
    maps = part(inputs.to(device()))
    columns = [center(maps[layer])[range(len(channels)), channels] for layer in block.layers.values()]
    return torch.stack(columns, dim=1).reshape(len(stimuli), len(magnifications), 3).cpu()


def _require_finite(responses: torch.Tensor, block: Block, stimuli: list[Stimulus]) -> None:
    for stimulus, finite in zip(stimuli, torch.isfinite(responses).all(dim=(1, 2)).tolist()):
        if not finite:
            raise InputError(
                f"block {block.name}, channel {stimulus.channel}: the activation at In or Pre is not finite; "
                "check the weights (model.weights)"
            )
