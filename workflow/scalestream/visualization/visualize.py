"""Feature visualization of many channels at once (paper, section 2.2; Olah et al. 2017, as in Lucent).

One gradient ascent carries a batch of images, one channel each. Nothing couples them: the noise and the transforms of a
channel come from (layer, channel, seed) alone, Adam works element by element, and the network is in eval mode.

Behind a ReLU a neuron may be silent for its noise, under every transform that it gets: then there is never a gradient, and its
image stays noise. Such channels are climbed once more, by their sum before the ReLU, until they answer.
"""

import logging
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import nn

from scalestream.activations.center import center_activations
from scalestream.errors import not_finite
from scalestream.images.encoding import encode_png
from scalestream.images.preprocessing import IMAGENET, Normalization
from scalestream.networks.device import device
from scalestream.networks.graph import before_relu, cut_after
from scalestream.run.checkpoint import Checkpoint
from scalestream.visualization.ascent import Ascent, first_not_finite
from scalestream.visualization.batching import in_batches
from scalestream.visualization.parameterization import spectrum_shape
from scalestream.visualization.transforms import Draws, TransformSettings, draw, together


@dataclass(frozen=True)
class Optimization:
    """Settings of an optimisation: image side in pixels, Adam's steps and learning rate, standard deviation of the noise.

    silent: of a channel that never answers, "climb_sum" climbs the sum before the ReLU, "lucent" leaves the noise.
    """

    size: int
    steps: int
    learning_rate: float
    sd: float
    seed: int
    transform_settings: TransformSettings
    silent: str = "climb_sum"
    normalization: Normalization = IMAGENET

    @classmethod
    def from_settings(cls, settings: dict, layer: str) -> "Optimization":
        """The optimisation of a layer, from configuration values by dotted key, and "jitter" by layer."""
        transform_settings = TransformSettings(
            settings["jitter"][layer], tuple(settings["visualization.scales"]), tuple(settings["visualization.angles"])
        )
        names = ("steps", "learning_rate", "sd", "seed", "silent")
        return cls(
            size=settings["images.crop"],
            transform_settings=transform_settings,
            normalization=Normalization.from_settings(settings),
            **{name: settings[f"visualization.{name}"] for name in names},
        )


@dataclass(frozen=True)
class Visualization:
    """A channel's image (S, S, 3) of 8-bit RGB, its center activation without transforms, the objective by step, and whether
    the sum before the ReLU was climbed."""

    channel: int
    image: np.ndarray
    activation: float
    trace: np.ndarray
    by_sum: bool

    @property
    def dead_gradient(self) -> bool:
        """Whether the objective was zero at every step: behind a ReLU it never had a gradient."""
        return not self.trace.any()

    @property
    def started_silent(self) -> bool:
        """Whether Lucent's image of the channel is its noise."""
        return self.by_sum or self.dead_gradient

    def packed(self) -> dict:
        """As plain data, for a checkpoint."""
        return {
            "channel": self.channel,
            "image": torch.from_numpy(self.image),
            "activation": self.activation,
            "trace": torch.from_numpy(self.trace.copy()),
            "by_sum": self.by_sum,
        }

    @classmethod
    def unpacked(cls, data: dict) -> "Visualization":
        """The visualization that was packed."""
        return cls(**data | {"image": data["image"].numpy(), "trace": data["trace"].numpy()})


def visualize(
    network: nn.Module,
    layer: str,
    channels: list[int],
    objective: str,
    settings: Optimization,
    watch: Callable[..., Iterable[int]] = lambda items, **_: items,
    checkpoint: Checkpoint | None = None,
    head: nn.Module | None = None,
) -> list[Visualization]:
    """Visualize channels of a layer, in batches that fit in memory.

    objective: a key of objectives.OBJECTIVE_SPANS. watch: wraps the steps of a batch, to show progress in channels: `before`
    the batch, `each` step's worth, how many `steps`, after which one they `begin`, and how many channels `more` there are, as
    they are climbed again. checkpoint: what an earlier try kept is not done again. head: as for `Ascent`. Raises InputError
    naming the first channel whose objective is not finite, and when there is no memory for a single channel.
    """
    part, checkpoint = cut_after(network, layer).to(device()), checkpoint or Checkpoint()
    ascent = partial(
        Ascent,
        layer=layer,
        objective=objective,
        size=settings.size,
        transform_settings=settings.transform_settings,
        learning_rate=settings.learning_rate,
        normalization=settings.normalization,
        head=head,
    )
    seen = part if head is None else nn.Sequential(part, head).to(device())
    finished = _climb(ascent(part), seen, channels, settings, watch, checkpoint)
    silent = [each.channel for each in finished if each.dead_gradient]
    sums = before_relu(part) if settings.silent == "climb_sum" else None
    if silent and sums is not None:
        logging.info("%d of %d channels started silent; they are climbed again, by their sum", len(silent), len(channels))

        def again(items: Iterable[int], before: int, **place) -> Iterable[int]:
            return watch(items, before=len(channels) + before, more=len(silent), **place)

        climbed = _climb(ascent(sums, by_sum=True), seen, silent, settings, again, checkpoint)
        by_channel = {each.channel: each for each in climbed}
        finished = [by_channel.get(each.channel, each) for each in finished]
    if dead := [str(each.channel) for each in finished if each.dead_gradient]:
        logging.warning("%d of %d channels never became active: %s", len(dead), len(channels), " ".join(dead))
    return finished


def _climb(
    ascent: Ascent,
    part: nn.Module,
    channels: list[int],
    settings: Optimization,
    watch: Callable[..., Iterable[int]],
    checkpoint: Checkpoint,
) -> list[Visualization]:
    """Visualizations of the channels by one ascent; part: images to the maps of what is visualized."""
    layer, key = ascent.layer, f"{ascent.layer}.by_sum" if ascent.by_sum else ascent.layer
    earlier = checkpoint.get(key) or {"finished": [], "batch": [], "state": None}
    finished = [Visualization.unpacked(each) for each in earlier["finished"]]

    def climb_batch(batch: list[int]) -> list[Visualization]:
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
            keep=lambda state: checkpoint.keep(key, lambda: {"finished": before, "batch": batch, "state": state()}),
        )
        stored = [to_8bit(image) for image in images.cpu()]
        activations = center_activations(part, stored, normalization=settings.normalization)[range(len(batch)), batch]
        bad = first_not_finite(activations)
        if bad is not None:
            raise not_finite(layer, batch[bad], float(activations[bad]), "the finished image")
        done = [
            Visualization(*each, by_sum=ascent.by_sum)
            for each in zip(batch, stored, activations.tolist(), trace.cpu().numpy().T)
        ]
        finished.extend(done)
        return done

    in_batches(climb_batch, channels[len(finished) :], len(earlier["batch"]) or ascent.batch_size())
    checkpoint.keep(key, lambda: {"finished": [each.packed() for each in finished], "batch": [], "state": None})
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
        "started_silent": visualization.started_silent,
        "trace": visualization.trace,
    }
