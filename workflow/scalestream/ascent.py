"""Gradient ascent on a batch of images, one channel each: the loop of a feature visualization.

Nothing couples the images, and of each only what its neuron sees is computed: the network runs on the neuron's receptive
field, the transforms make that window alone, and the image is drawn where the transforms read it.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from scalestream.cuda_graphs import Replayed
from scalestream.errors import InputError
from scalestream.network import cut_after, device, with_batch_norm_folded
from scalestream.parameterization import FourierImages, spectrum_shape
from scalestream.transforms import Draws, Robustness
from scalestream.views import OBJECTIVES, View, views

CHECK_EVERY = 64  # steps; a look at the values waits for the device
CPU_BATCH = 16
SHARE_KEPT = 0.5  # of a GPU's free memory, for what images hold; the rest is for gradients and the convolutions' workspace


class Turn(NamedTuple):
    """A view with the images that it is for at a step, and where its tables hold their transforms."""

    view: View
    members: torch.Tensor | slice
    places: torch.Tensor


class Ascent:
    """Gradient ascent for batches of a layer's channels.

    objective: a key of views.OBJECTIVES. Computes in the precision of the network's weights.
    """

    def __init__(self, network: nn.Module, layer: str, objective: str, size: int, robustness: Robustness,
                 learning_rate: float):
        self.layer, self.size, self.learning_rate = layer, size, learning_rate
        self.target, self.dtype = device(), next(network.parameters()).dtype
        part = with_batch_norm_folded(cut_after(network, layer))
        self.views = [view.to(self.target, self.dtype) for view in views(part, size, robustness, OBJECTIVES[objective])]

    def run(self, channels: list[int], spectra: torch.Tensor, draws: Draws,
            watch: Callable[[Iterable[int]], Iterable[int]] = iter, state: dict | None = None,
            keep: Callable[[Callable[[], dict]], None] = lambda state: None) -> tuple[torch.Tensor, torch.Tensor]:
        """Climb from the given spectra (N, *spectrum_shape(S)), with the transforms drawn by step and image.

        keep: is given, after every step, a function that makes the state, from which a later call goes on as if there had
        been none before. Returns the images (N, 3, S, S) and the objective by step (steps, N). Raises InputError naming the
        first channel whose objective is not finite.
        """
        images = FourierImages((state["spectra"] if state else spectra).to(self.target, self.dtype), self.size)
        on_gpu = self.target.type == "cuda"
        optimizer = torch.optim.Adam([images.spectra], lr=self.learning_rate, fused=True, capturable=on_gpu)
        own = torch.tensor(channels, device=self.target)

        def step(turns: list[Turn]) -> torch.Tensor:
            optimizer.zero_grad()
            values = self.backward(images, own, turns)
            optimizer.step()
            return values

        climb = step
        if on_gpu and len(self.views) == 1:
            replayed = Replayed(lambda places: step([Turn(self.views[0], slice(None), places)]))
            climb = lambda turns: replayed(turns[0].places)
        trace = torch.empty(len(draws.scale), len(channels), dtype=self.dtype, device=self.target)
        turns = self.turns(draws)
        begin = len(state["trace"]) if state else 0
        if state:
            optimizer.load_state_dict(state["optimizer"])
            trace[:begin] = state["trace"].to(trace)
        for done in watch(range(begin, len(trace))):
            trace[done] = climb(turns[done])
            if (done + 1) % CHECK_EVERY == 0 or done + 1 == len(trace):
                self._require_finite(trace[:done + 1], channels)
            keep(lambda: {"spectra": images.spectra.detach().cpu(), "optimizer": optimizer.state_dict(),
                          "trace": trace[:done + 1].cpu()})
        return images.finished(), trace

    def backward(self, images: FourierImages, own: torch.Tensor, turns: list[Turn]) -> torch.Tensor:
        """The objective of each image at its own channel (N,); the gradient to descend is added to that of `images`."""
        values = torch.empty(len(own), dtype=self.dtype, device=self.target)
        for turn in turns:
            found = turn.view(images, turn.members, turn.places).gather(1, own[turn.members, None])[:, 0]
            (-found.sum()).backward()
            values[turn.members] = found.detach()
        return values

    def turns(self, draws: Draws) -> list[list[Turn]]:
        """By step, the views that the images draw, each with its images; everything is on the device beforehand."""
        turns: list[list[Turn]] = [[] for _ in draws.scale]
        for view in self.views:
            drawn = np.isin(draws.scale, view.resampling.scales)
            places = view.resampling.places(draws).to(self.target)  # those of images that draw another view mean nothing
            members = torch.from_numpy(np.nonzero(drawn)[1]).to(self.target).split(drawn.sum(axis=1).tolist())
            for step in np.flatnonzero(drawn.any(axis=1)):
                own = slice(None) if drawn[step].all() else members[step]
                turns[step].append(Turn(view, own, places[step][own]))
        return turns

    def _require_finite(self, trace: torch.Tensor, channels: list[int]) -> None:
        broken = torch.nonzero(~torch.isfinite(trace).all(dim=1))
        if len(broken):
            step = int(broken[0])
            require_finite(trace[step], self.layer, channels, f"step {step + 1}")

    def batch_size(self) -> int:
        """How many images to optimise together: on a GPU as many as fit, on a CPU as many as make good use of its caches."""
        if self.target.type == "cpu":
            return CPU_BATCH
        torch.cuda.empty_cache()
        free, _ = torch.cuda.mem_get_info(self.target)
        try:
            return max(1, int(free * SHARE_KEPT / self.bytes_kept()))
        except torch.OutOfMemoryError:
            return 1

    def bytes_kept(self) -> int:
        """Bytes that an image holds from its forward pass to its gradient, with its spectrum and Adam's state."""
        return max(self._bytes_kept(view, 2) - self._bytes_kept(view, 1) for view in self.views)

    def _bytes_kept(self, view: View, count: int) -> int:
        kept = {}

        def keep(tensor: torch.Tensor) -> torch.Tensor:
            kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
            return tensor

        spectra = torch.zeros(count, *spectrum_shape(self.size), dtype=self.dtype, device=self.target)
        places = torch.zeros(count, 5, dtype=torch.long, device=self.target)
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            _graph = view(FourierImages(spectra, self.size), slice(None), places)
        return sum(kept.values()) + 4 * spectra.nbytes  # the spectra, their gradient and Adam's two moments


def require_finite(values: torch.Tensor, layer: str, channels: list[int], where: str) -> None:
    """Raises InputError naming the first of the channels whose value is not finite."""
    bad = torch.nonzero(~torch.isfinite(values))
    if len(bad):
        raise InputError(f"{layer}, channel {channels[int(bad[0])]}: the activation is {float(values[bad[0]])} at {where}; "
                         "check the weights (model.weights) and visualization.learning_rate")
