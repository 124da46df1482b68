"""Gradient ascent on a batch of images, one channel each: the loop of a feature visualization.

Nothing couples the images, and of each only what its neuron sees is computed: the network runs on the neuron's receptive
field, the transforms make that window alone, and the image is drawn where the transforms read it.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import torch
from torch import fx, nn

from scalestream.errors import not_finite
from scalestream.images.preprocessing import IMAGENET, Normalization
from scalestream.networks.device import device
from scalestream.networks.graph import with_batch_norm_folded
from scalestream.visualization.cuda_graphs import Replayed
from scalestream.visualization.objectives import OBJECTIVE_SPANS, BesideSums, WindowedObjective, windowed_objectives
from scalestream.visualization.parameterization import FourierImages, spectrum_shape
from scalestream.visualization.transforms import Draws, TransformSettings

CHECK_EVERY = 64  # steps; a look at the values waits for the device
CPU_BATCH = 16
SHARE_KEPT = 0.5  # of a GPU's free memory, for what images hold; the rest is for gradients and the convolutions' workspace


class Turn(NamedTuple):
    """An objective with the images that it is for at a step, and where its tables hold their transforms."""

    objective: WindowedObjective
    members: torch.Tensor | slice
    indices: torch.Tensor


class Ascent:
    """Gradient ascent for batches of a layer's channels.

    part: the network up to the layer, from `graph.cut_after`. objective: a key of objectives.OBJECTIVE_SPANS. by_sum: for
    channels that are silent for their noise; `part` ends before the layer's ReLU, from `graph.before_relu`, and what is climbed
    there is the objective before it, as long as a channel has not answered. head: makes of the layer's maps those that are
    climbed; with objectives.Cosines the "channels" are directions. Computes in the precision of the network's weights.
    """

    def __init__(
        self,
        part: fx.GraphModule,
        layer: str,
        objective: str,
        size: int,
        transform_settings: TransformSettings,
        learning_rate: float,
        by_sum: bool = False,
        normalization: Normalization = IMAGENET,
        head: nn.Module | None = None,
    ):
        self.layer, self.size, self.learning_rate, self.by_sum = layer, size, learning_rate, by_sum
        self.target, self.dtype = device(), next(part.parameters()).dtype
        wanted, head = OBJECTIVE_SPANS[objective], head or nn.Identity()
        head = BesideSums(head) if by_sum else head
        self.objectives = [
            each.to(self.target, self.dtype)
            for each in windowed_objectives(with_batch_norm_folded(part), size, transform_settings, wanted, head, normalization)
        ]

    def run(
        self,
        channels: list[int],
        spectra: torch.Tensor,
        draws: Draws,
        watch: Callable[[Iterable[int]], Iterable[int]] = iter,
        state: dict | None = None,
        keep: Callable[[Callable[[], dict]], None] = lambda state: None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Climb from the given spectra (N, *spectrum_shape(S)), with the transforms drawn by step and image.

        keep: is given, after every step, a function that makes the state, from which a later call goes on as if there had
        been none before. Returns the images (N, 3, S, S) and the objective by step (steps, N). Raises InputError naming the
        first channel whose objective is not finite.
        """
        images = FourierImages((state["spectra"] if state else spectra).to(self.target, self.dtype), self.size)
        on_gpu = self.target.type == "cuda"
        optimizer = torch.optim.Adam([images.spectra], lr=self.learning_rate, fused=True, capturable=on_gpu)
        own = torch.tensor(channels, device=self.target)
        trace = torch.empty(len(draws.scale), len(channels), dtype=self.dtype, device=self.target)
        turns = self.turns(draws)
        begin = len(state["trace"]) if state else 0
        if state:
            optimizer.load_state_dict(state["optimizer"])
            trace[:begin] = state["trace"].to(trace)
        answered = trace[:begin].any(dim=0) if self.by_sum else None

        def step(turns: list[Turn]) -> torch.Tensor:
            optimizer.zero_grad()
            values = self.backward(images, own, turns, answered)
            optimizer.step()
            return values

        climb = step
        if on_gpu and len(self.objectives) == 1:
            replayed = Replayed(lambda indices: step([Turn(self.objectives[0], slice(None), indices)]))
            climb = lambda turns: replayed(turns[0].indices)
        for done in watch(range(begin, len(trace))):
            trace[done] = climb(turns[done])
            if (done + 1) % CHECK_EVERY == 0 or done + 1 == len(trace):
                self._require_finite(trace[: done + 1], channels)
            keep(
                lambda: {
                    "spectra": images.spectra.detach().cpu(),
                    "optimizer": optimizer.state_dict(),
                    "trace": trace[: done + 1].cpu(),
                }
            )
        return images.finished(), trace

    def backward(
        self, images: FourierImages, own: torch.Tensor, turns: list[Turn], answered: torch.Tensor | None = None
    ) -> torch.Tensor:
        """The objective of each image at its own channel (N,); the gradient to descend is added to that of `images`.

        answered: which images' objective has been above zero (N,), if sums are climbed; those that answer now are added.
        """
        values = torch.empty(len(own), dtype=self.dtype, device=self.target)
        for turn in turns:
            means, channels = turn.objective(images, turn.members, turn.indices), own[turn.members, None]
            if answered is None:
                climbed = own_values = means.gather(1, channels)[:, 0]
            else:
                own_values, own_sums = (side.gather(1, channels)[:, 0] for side in means.chunk(2, dim=1))
                silent = (answered[turn.members] | (own_values != 0)).logical_not()  # then own_values has no gradient
                climbed = own_values + silent * own_sums
            (-climbed.sum()).backward()
            values[turn.members] = own_values.detach()
        if answered is not None:
            answered |= values != 0
        return values

    def turns(self, draws: Draws) -> list[list[Turn]]:
        """By step, the objectives that the images draw, each with its images; everything is on the device beforehand."""
        turns: list[list[Turn]] = [[] for _ in draws.scale]
        for objective in self.objectives:
            drawn = np.isin(draws.scale, objective.resampling.scales)
            indices = objective.resampling.indices(draws).to(self.target)  # those of images that draw another one mean nothing
            members = torch.from_numpy(np.nonzero(drawn)[1]).to(self.target).split(drawn.sum(axis=1).tolist())
            for step in np.flatnonzero(drawn.any(axis=1)):
                own = slice(None) if drawn[step].all() else members[step]
                turns[step].append(Turn(objective, own, indices[step][own]))
        return turns

    def _require_finite(self, trace: torch.Tensor, channels: list[int]) -> None:
        broken = torch.nonzero(~torch.isfinite(trace).all(dim=1))
        if len(broken):
            step = int(broken[0])
            image = first_not_finite(trace[step])
            raise not_finite(self.layer, channels[image], float(trace[step, image]), f"step {step + 1}")

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
        return max(self._bytes_kept(objective, 2) - self._bytes_kept(objective, 1) for objective in self.objectives)

    def _bytes_kept(self, objective: WindowedObjective, count: int) -> int:
        kept = {}

        def keep(tensor: torch.Tensor) -> torch.Tensor:
            kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
            return tensor

        spectra = torch.zeros(count, *spectrum_shape(self.size), dtype=self.dtype, device=self.target)
        indices = torch.zeros(count, 5, dtype=torch.long, device=self.target)
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            _graph = objective(FourierImages(spectra, self.size), slice(None), indices)
        return sum(kept.values()) + 4 * spectra.nbytes  # the spectra, their gradient and Adam's two moments


def first_not_finite(values: torch.Tensor) -> int | None:
    """Which of the values (N,) is the first that is not finite."""
    bad = torch.nonzero(~torch.isfinite(values))
    return int(bad[0]) if len(bad) else None
