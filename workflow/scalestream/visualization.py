"""Feature visualization of many channels at once (paper, section 2.2; Olah et al. 2017, as in Lucent).

One optimisation carries a batch of images, one channel each. Nothing couples them: the noise and the transforms of a
channel come from (layer, channel, seed) alone, Adam works element by element, and the network is in eval mode.
"""

import io
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch
from lucent.optvis import param
from PIL import Image
from torch import nn

from scalestream.errors import InputError
from scalestream.network import center, cut_after, device
from scalestream.preprocessing import normalize, to_tensor
from scalestream.transforms import Draws, Robustness, apply, at_step, draw


def whole_channel(maps: torch.Tensor) -> torch.Tensor:
    """Mean of every channel's map (Lucent's `channel` objective): (N, C, H, W) -> (N, C)."""
    return maps.mean(dim=(2, 3))


OBJECTIVES: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {"neuron": center, "channel": whole_channel}


@dataclass(frozen=True)
class Optimization:
    """Settings of an optimisation: image side in pixels, Adam's steps and learning rate, standard deviation of the noise."""

    size: int
    steps: int
    learning_rate: float
    sd: float
    seed: int
    robustness: Robustness

    @classmethod
    def from_settings(cls, settings: dict, layer: str) -> "Optimization":
        """The optimisation of a layer, from configuration values by dotted key, and "jitter" by layer."""
        robustness = Robustness(settings["jitter"][layer], tuple(settings["visualization.scales"]),
                                tuple(settings["visualization.angles"]))
        names = ("steps", "learning_rate", "sd", "seed")
        return cls(size=settings["images.crop"], robustness=robustness,
                   **{name: settings[f"visualization.{name}"] for name in names})


@dataclass(frozen=True)
class Visualization:
    """A channel's image (S, S, 3) of 8-bit RGB, its center activation without transforms, the objective by step."""

    channel: int
    image: np.ndarray
    activation: float
    trace: np.ndarray

    @property
    def stuck(self) -> bool:
        """Whether the objective was zero at every step: behind a ReLU there was never a gradient, and the image is noise."""
        return not self.trace.any()


def visualize(network: nn.Module, layer: str, channels: list[int], objective: str, settings: Optimization,
              watch: Callable[[Iterable[int]], Iterable[int]] = iter) -> list[Visualization]:
    """Visualize channels of a layer, all in one optimisation.

    objective: a key of OBJECTIVES. watch: wraps the steps, to show progress. Raises InputError naming the first channel
    whose objective is not finite.
    """
    target = device()
    part = cut_after(network, layer).to(target)
    starts = [start(layer, channel, settings) for channel in channels]
    spectra, image_f = _parameterise(torch.stack([noise for noise, _ in starts]).to(target), settings)
    optimizer = torch.optim.Adam(spectra, lr=settings.learning_rate)
    trace = torch.empty(settings.steps, len(channels))
    for step in watch(range(settings.steps)):
        optimizer.zero_grad()
        values = _objective_values(part, image_f(), channels, OBJECTIVES[objective], settings.robustness,
                                   at_step([draws for _, draws in starts], step))
        (-values.sum()).backward()
        optimizer.step()
        trace[step] = values.detach().cpu()
        _require_finite(trace[step], layer, channels, f"step {step + 1}")
    images = [to_8bit(image) for image in image_f().detach().cpu()]
    activations = center_activations(part, images)[range(len(channels)), channels]
    _require_finite(activations, layer, channels, "the finished image")
    return [Visualization(channel, image, float(activation), values.numpy())
            for channel, image, activation, values in zip(channels, images, activations, trace.T)]


def start(layer: str, channel: int, settings: Optimization) -> tuple[torch.Tensor, Draws]:
    """A channel's initial spectrum (3, S, S // 2 + 1, 2) and its transforms, from (layer, channel, seed) alone."""
    rng = np.random.default_rng([settings.seed, zlib.crc32(layer.encode()), channel])
    frequencies = param.spatial.rfft2d_freqs(settings.size, settings.size).shape
    noise = rng.standard_normal((3, *frequencies, 2), dtype=np.float32) * np.float32(settings.sd)
    return torch.from_numpy(noise), draw(settings.robustness, settings.steps, rng)


def _parameterise(noise: torch.Tensor, settings: Optimization):
    """Lucent's Fourier image with decorrelated colours, holding the given noise (N, 3, S, S // 2 + 1, 2)."""
    spectra, image_f = param.image(settings.size, batch=len(noise), sd=settings.sd)
    with torch.no_grad():
        spectra[0].copy_(noise)
    return spectra, image_f


def _objective_values(part: nn.Module, images: torch.Tensor, channels: list[int], objective: Callable,
                      robustness: Robustness, draws: Draws) -> torch.Tensor:
    """(N,): the objective of each image's own channel, after the image's own transforms."""
    values = [None] * len(channels)
    for members, transformed in apply(images, robustness, draws):
        group = objective(part(normalize(transformed)))
        for row, member in enumerate(members):
            values[member] = group[row, channels[member]]
    return torch.stack(values)


def to_8bit(image: torch.Tensor) -> np.ndarray:
    """(3, S, S) in 0..1 -> (S, S, 3) of 8-bit RGB: value * 255, truncated, as Lucent exports images."""
    return (image.numpy() * 255).astype(np.uint8).transpose(1, 2, 0)


@torch.inference_mode()
def center_activations(part: nn.Module, images: list[np.ndarray], batch_size: int = 64) -> torch.Tensor:
    """(N, C): center activations of the 8-bit images (S, S, 3) at the layer that `part` computes, without transforms."""
    target = device()
    batches = (torch.stack([to_tensor(image) for image in images[first:first + batch_size]])
               for first in range(0, len(images), batch_size))
    return torch.cat([center(part(normalize(batch.to(target)))).cpu() for batch in batches])


def _require_finite(values: torch.Tensor, layer: str, channels: list[int], where: str) -> None:
    bad = torch.nonzero(~torch.isfinite(values))
    if len(bad):
        channel = channels[int(bad[0])]
        raise InputError(f"{layer}, channel {channel}: the activation is {float(values[bad[0]])} at {where}; "
                         "check the weights (model.weights) and visualization.learning_rate")


def encode_png(image: np.ndarray) -> bytes:
    """(S, S, 3) of 8-bit RGB -> PNG bytes."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format="png")
    return buffer.getvalue()


def decode_png(data: bytes) -> np.ndarray:
    """PNG bytes -> (S, S, 3) of 8-bit RGB."""
    return np.array(Image.open(io.BytesIO(data)).convert("RGB"))


def as_row(found: Visualization, layer: str, objective: str, settings: Optimization) -> dict:
    """A row of the table of visualizations."""
    return {"layer": layer, "channel": found.channel, "objective": objective, "seed": settings.seed,
            "steps": settings.steps, "activation": found.activation, "png": encode_png(found.image),
            "stuck": found.stuck, "trace": found.trace}
