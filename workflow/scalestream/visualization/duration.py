"""How long visualizations take on this machine."""

import time
from dataclasses import replace

import numpy as np
import torch

from scalestream.networks.graph import cut_after
from scalestream.networks.interface import Layer
from scalestream.networks.weights import build
from scalestream.visualization.ascent import Ascent
from scalestream.visualization.transforms import together
from scalestream.visualization.visualize import Optimization, start

CHANNELS = 4  # visualized together; jobs take more at a time, and are a little faster
STEPS = 2  # the first is not counted
MEASURED = 8  # layers; the others' times are interpolated


def seconds_by_layer(network: str, layers: dict[str, Layer], settings: dict[str, Optimization]) -> dict[str, float]:
    """Seconds for one channel of each layer on one thread, for all its steps, in network order.

    settings: the optimisation of each layer. A few layers are measured, with random weights, as the time does not depend on
    them; in between it is interpolated.
    """
    built = build(network).requires_grad_(False)
    names = list(layers)
    chosen = np.unique(np.linspace(0, len(names) - 1, min(MEASURED, len(names))).round().astype(int))
    measured = [_step(built, names[number], layers[names[number]].channels, settings[names[number]]) for number in chosen]
    steps = np.interp(np.arange(len(names)), chosen, measured)
    return {name: float(step * settings[name].steps) for name, step in zip(names, steps, strict=True)}


def _step(network: torch.nn.Module, layer: str, channels: int, settings: Optimization) -> float:
    """Seconds of a step for one channel."""
    ascent = Ascent(
        cut_after(network, layer), layer, "neuron", settings.size, settings.transform_settings, settings.learning_rate
    )
    batch = list(range(min(CHANNELS, channels)))
    noise, draws = zip(*(start(layer, channel, replace(settings, steps=STEPS)) for channel in batch))
    times = []

    def watch(steps):
        for step in steps:
            times.append(time.perf_counter())
            yield step
        times.append(time.perf_counter())

    ascent.run(batch, torch.stack(noise), together(draws), watch)
    return (times[-1] - times[-2]) / len(batch)
