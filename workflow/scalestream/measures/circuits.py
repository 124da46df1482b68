"""Whether the weights make Pre of a channel In's feature at another scale.

If Pre_c is In_c's feature at scale s, then Pre_c(S_s x) = a In_c(x) + b for all images x, where S_s magnifies by s about what
the center neuron looks at. So the gradients of both sides by x are parallel: that of In, and that of Pre pulled back through
the magnification, S_s^T applied to it. Both are of the network without its nonlinearities (networks/linear.py), where they are
the same at every image.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import fx, nn
from torch.autograd.functional import vjp

from scalestream.activations.center import center
from scalestream.errors import NotLocalError
from scalestream.images.preprocessing import magnify
from scalestream.measures.agreement import known, profile, ranks
from scalestream.measures.peaks import peaks
from scalestream.measures.thresholds import LARGER
from scalestream.networks.device import device
from scalestream.networks.graph import cut_after
from scalestream.networks.interface import Block
from scalestream.networks.linear import linearized
from scalestream.networks.receptive_field import Span, center_row, center_span, window

BATCH = 16  # channels whose gradients are computed together


@dataclass(frozen=True)
class Circuit:
    """In and Pre of a block as linear functions of an image (3, size, size).

    about: the row and column, in pixels, that the center neuron looks at. seen: the rows, and columns, that In or Pre sees.
    """

    input: fx.GraphModule
    pre: fx.GraphModule
    channels: int
    size: int
    about: float
    seen: slice

    @classmethod
    def of(cls, network: nn.Module, block: Block, size: int) -> "Circuit":
        """Raises NotLinearError naming an operation that has no linear version."""
        parts = [cut_after(network, layer) for layer in (block.input, block.pre)]
        linear = [linearized(part, size).to(device()) for part in parts]
        spans = [_seen(part, size) for part in parts]
        seen = slice(min(span.start for span in spans), max(span.stop for span in spans))
        return cls(*linear, block.channels, size, center_row(parts[1], size), seen)

    def gradients(self, part: fx.GraphModule, channels: range) -> torch.Tensor:
        """Gradients of center neurons by the image, at image 0 as at any other: (N, 3, size, size)."""
        images = torch.zeros(len(channels), 3, self.size, self.size, device=device())
        neurons = torch.eye(self.channels, device=device())[channels.start : channels.stop]
        return vjp(lambda images: center(part(images)), images, neurons)[1]

    def pulled_back(self, gradients: torch.Tensor, octaves: float) -> torch.Tensor:
        """Gradients by x of f(S_s x), s = 2 ** octaves, from those of f by the image (N, 3, size, size): S_s^T applied."""
        magnified = partial(magnify, factor=2**octaves, about=self.about)
        return vjp(magnified, torch.zeros_like(gradients), gradients)[1]


def _seen(part: fx.GraphModule, size: int) -> Span:
    """The rows that the center neuron sees; all where that cannot be derived."""
    try:
        return window(part, size, center_span).span
    except NotLocalError:
        return Span(0, size)


@dataclass(frozen=True)
class Kernels:
    """A channel's gradients by the image, up to a factor, of the rows and columns that the block sees, (3, S, S): of In, of
    Pre, and of Pre pulled back through the magnification by 2 ** octaves, at which it is most like In."""

    input: np.ndarray
    pre: np.ndarray
    pulled_back: np.ndarray
    octaves: float


def compare(circuit: Circuit, octaves: list[float]) -> Iterator[tuple[np.ndarray, Kernels | None]]:
    """For Pre of every channel: cosines (O, C), over colours and pixels, of its gradient pulled back through each magnification
    with that of In of every channel; and the kernels of the channel itself. NaN, and no kernels, where a gradient is zero.

    octaves: of the magnifications, ascending and evenly spaced. Of the gradients, those of all In are held, and of Pre a few.
    """
    batches = [range(first, min(first + BATCH, circuit.channels)) for first in range(0, circuit.channels, BATCH)]
    of_in = torch.cat([_directions(circuit.gradients(circuit.input, channels)) for channels in batches])
    for channels in batches:
        of_pre = circuit.gradients(circuit.pre, channels)
        found = [of_in @ _directions(circuit.pulled_back(of_pre, octave)).T for octave in octaves]
        columns = torch.stack(found).cpu().numpy().transpose(2, 0, 1)
        for channel, ours, column in zip(channels, of_pre, columns, strict=True):
            peak = float(peaks(octaves, column[:, channel]))
            if np.isnan(peak):
                yield column, None
                continue
            gradients = of_in[channel].reshape(ours.shape), ours, circuit.pulled_back(ours[None], peak)[0]
            yield column, Kernels(*(each[:, circuit.seen, circuit.seen].cpu().numpy() for each in gradients), peak)


def without_gradients(channels: int, octaves: list[float]) -> Iterator[tuple[np.ndarray, None]]:
    """What `compare` yields of a block in which every gradient is zero, or none is defined."""
    return ((np.full((len(octaves), channels), np.nan), None) for _ in range(channels))


def _directions(gradients: torch.Tensor) -> torch.Tensor:
    """(N, 3, S, S) -> (N, 3 S S) of unit length; NaN for a gradient of zero."""
    flat = gradients.flatten(1)
    flat = flat / flat.abs().amax(dim=1, keepdim=True)  # as squares of the least numbers are zero
    return flat / flat.norm(dim=1, keepdim=True)


def judged(octaves: list[float], cosines: np.ndarray) -> list[dict]:
    """What the cosines (O, C, C) of In (rows) and Pre (columns) say of every channel, as columns of the table of circuits."""
    above = np.array(octaves) > 0
    matched = np.diagonal(cosines, axis1=1, axis2=2)
    best = cosines[above].max(axis=0)
    in_row, in_column = ranks(best)
    found = {
        "kappa": np.diagonal(best),
        "preferred": peaks(octaves, matched, axis=0),
        "evidence": np.diagonal(best) - matched[~above].max(axis=0),
        "p_row": in_row,
        "p_column": in_column,
    }
    return [
        {
            "channel": channel,
            "octaves": octaves,
            "matched": None if np.isnan(of_channel).any() else of_channel,
            **{name: known(values[channel]) for name, values in found.items()},
        }
        for channel, of_channel in enumerate(matched.T)
    ]


def profiles(octaves: list[float], cosines: np.ndarray) -> list[dict]:
    """At each magnification, the mean cosine of In and Pre of a channel against random pairings of the channels, as columns of
    the table of profiles; and in how many channels it is largest at a magnification above LARGER.

    z and p are the same for doubly centred cosines, as every pairing has one of each row and column.
    """
    matched = np.diagonal(cosines, axis1=1, axis2=2)
    n_larger = int((peaks(octaves, matched, axis=0) > LARGER).sum())
    return [
        {"octaves": octave, "n_larger": n_larger} | profile(of_all).columns()
        for octave, of_all in zip(octaves, cosines, strict=True)
    ]
