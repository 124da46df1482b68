"""Feature visualization of many channels at once (paper, section 2.2; Olah et al. 2017, as in Lucent).

One gradient ascent carries a batch of images, one channel each. Nothing couples them: the noise and the transforms of a
channel come from (layer, channel, seed) alone, Adam works element by element, and the network is in eval mode.
"""

import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from scalestream.activations.center import center_activations
from scalestream.errors import not_finite
from scalestream.images.encoding import encode_png
from scalestream.images.preprocessing import IMAGENET, Normalization
from scalestream.networks.device import device
from scalestream.networks.graph import cut_after
from scalestream.run.checkpoint import Checkpoint
from scalestream.visualization.ascent import Ascent, first_not_finite
from scalestream.visualization.batching import in_batches
from scalestream.visualization.parameterization import spectrum_shape
from scalestream.visualization.transforms import Draws, TransformSettings, draw, together


@dataclass(frozen=True)
class Optimization:
    """Settings of an optimisation: image side in pixels, Adam's steps and learning rate, standard deviation of the noise."""

    size: int
    steps: int
    learning_rate: float
    sd: float
    seed: int
    transform_settings: TransformSettings
    normalization: Normalization = IMAGENET

    @classmethod
    def from_settings(cls, settings: dict, layer: str) -> "Optimization":
        """The optimisation of a layer, from configuration values by dotted key, and "jitter" by layer."""
        transform_settings = TransformSettings(
            settings["jitter"][layer], tuple(settings["visualization.scales"]), tuple(settings["visualization.angles"])
        )
        names = ("steps", "learning_rate", "sd", "seed")
        return cls(
            size=settings["images.crop"],
            transform_settings=transform_settings,
            normalization=Normalization.from_settings(settings),
            **{name: settings[f"visualization.{name}"] for name in names},
        )


@dataclass(frozen=True)
class Visualization:
    """A channel's image (S, S, 3) of 8-bit RGB, its center activation without transforms, the objective by step."""

    channel: int
    image: np.ndarray
    activation: float
    trace: np.ndarray

    @property
    def dead_gradient(self) -> bool:
        """Whether the objective was zero at every step: behind a ReLU there was never a gradient, and the image is noise."""
        return not self.trace.any()

    def packed(self) -> dict:
        """As plain data, for a checkpoint."""
        return {
            "channel": self.channel,
            "image": torch.from_numpy(self.image),
            "activation": self.activation,
            "trace": torch.from_numpy(self.trace.copy()),
        }

    @classmethod
    def unpacked(cls, data: dict) -> "Visualization":
        """The visualization that was packed."""
        return cls(data["channel"], data["image"].numpy(), data["activation"], data["trace"].numpy())


def visualize(
    network: nn.Module,
    layer: str,
    channels: list[int],
    objective: str,
    settings: Optimization,
    watch: Callable[..., Iterable[int]] = lambda items, **_: items,
    checkpoint: Checkpoint | None = None,
) -> list[Visualization]:
    """Visualize channels of a layer, in batches that fit in memory.

    objective: a key of objectives.OBJECTIVE_SPANS. watch: wraps the steps of a batch, to show progress in channels: `before`
    the batch, `each` step's worth, how many `steps`, and after which one they `begin`. checkpoint: what an earlier try kept is
    not done again. Raises InputError naming the first channel whose objective is not finite, and when there is no memory for a
    single channel.
    """
    part = cut_after(network, layer)
    ascent = Ascent(
        part, layer, objective, settings.size, settings.transform_settings, settings.learning_rate, settings.normalization
    )
    part.to(device())
    checkpoint = checkpoint or Checkpoint()
    earlier = checkpoint.get(layer) or {"finished": [], "batch": [], "state": None}
    finished = [Visualization.unpacked(each) for each in earlier["finished"]]

    def visualize_batch(batch: list[int]) -> list[Visualization]:
        state = earlier["state"] if earlier["batch"] == batch else None
        noise, draws = zip(*(start(layer, channel, settings) for channel in batch))
        before = [each.packed() for each in finished]
        images, trace = ascent.run(
            batch,
            torch.stack(noise),
            together(draws),
            watch=lambda steps: watch(
                steps, before=len(before), each=len(batch) / settings.steps, steps=settings.steps, begin=steps.start
            ),
            state=state,
            keep=lambda state: checkpoint.keep(layer, lambda: {"finished": before, "batch": batch, "state": state()}),
        )
        stored = [to_8bit(image) for image in images.cpu()]
        activations = center_activations(part, stored, normalization=settings.normalization)[range(len(batch)), batch]
        bad = first_not_finite(activations)
        if bad is not None:
            raise not_finite(layer, batch[bad], float(activations[bad]), "the finished image")
        done = [Visualization(*each) for each in zip(batch, stored, activations.tolist(), trace.cpu().numpy().T)]
        finished.extend(done)
        return done

    in_batches(visualize_batch, channels[len(finished) :], len(earlier["batch"]) or ascent.batch_size())
    checkpoint.keep(layer, lambda: {"finished": [each.packed() for each in finished], "batch": [], "state": None})
    return finished


def start(layer: str, channel: int, settings: Optimization) -> tuple[torch.Tensor, Draws]:
    """A channel's initial spectrum, of spectrum_shape(S), and its transforms, from (layer, channel, seed) alone."""
    rng = np.random.default_rng([settings.seed, zlib.crc32(layer.encode()), channel])
    noise = rng.standard_normal(spectrum_shape(settings.size), dtype=np.float32) * np.float32(settings.sd)
    return torch.from_numpy(noise), draw(settings.transform_settings, settings.steps, rng)


def to_8bit(image: torch.Tensor) -> np.ndarray:
    """(3, S, S) in 0..1 -> (S, S, 3) of 8-bit RGB: value * 255, truncated, as Lucent exports images."""
    return (image.numpy() * 255).astype(np.uint8).transpose(1, 2, 0)


def as_row(visualization: Visualization, layer: str, objective: str, settings: Optimization) -> dict:
    """A row of the table of visualizations."""
    return {
        "layer": layer,
        "channel": visualization.channel,
        "objective": objective,
        "seed": settings.seed,
        "steps": settings.steps,
        "activation": visualization.activation,
        "png": encode_png(visualization.image),
        "dead_gradient": visualization.dead_gradient,
        "trace": visualization.trace,
    }
