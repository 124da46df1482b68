"""Plain Lucent, one channel at a time: what this project's visualization is compared with, in tests and benchmark."""

import time
from copy import deepcopy
from dataclasses import dataclass
from unittest import mock

import numpy as np
import torch
from lucent.optvis import objectives, param, render, transform
from torch import nn
from torchvision.transforms import CenterCrop

from scalestream.networks.device import device
from scalestream.networks.interface import RECTIFIED
from scalestream.visualization.visualize import Optimization, start


@dataclass(frozen=True)
class PlainRun:
    """Lucent's image (S, S, 3) in 0..1, the objective and the seconds by step."""

    image: np.ndarray
    trace: np.ndarray
    seconds: np.ndarray


class Clone(nn.Module):
    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return maps.clone()


class Rectified(nn.Module):
    """Passes maps on as they are; what its ReLU makes of them is for a hook alone."""

    def __init__(self):
        super().__init__()
        self.relu = nn.ReLU()

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        self.relu(maps)
        return maps


def name_for_lucent(network: nn.Module, layer: str) -> str:
    """Lucent's name of a layer that is a module, or that is ReLU of one's output, in the network, which is changed for it.

    Networks overwrite maps: torchvision adds In to Pre in place, so a hook there reads Post. To let Lucent see what a module
    made, it is followed by a copy, and Lucent is pointed at the module alone.
    """
    module_name = layer.removesuffix(RECTIFIED)
    after = Clone() if layer == module_name else Rectified()
    network.set_submodule(module_name, nn.Sequential(network.get_submodule(module_name), after))
    return module_name.replace(".", "_") + ("_0" if layer == module_name else "_1_relu")


def transforms(settings: Optimization) -> list:
    """Lucent's transforms with the paper's settings (section 7.1)."""
    transform_settings = settings.transform_settings
    middle = [transform.random_scale(transform_settings.scales), transform.random_rotate(transform_settings.angles)]
    if not transform_settings.jitter:
        return middle
    return [
        transform.pad(transform_settings.jitter),
        transform.jitter(transform_settings.jitter),
        *middle,
        transform.jitter(transform_settings.jitter // 2),
        CenterCrop(settings.size),
    ]


def drawn(draws, jitter: int):
    """The draws in the order in which Lucent's transforms ask for them."""
    for step in range(len(draws.scale)):
        yield from draws.first[step] if jitter else ()
        yield from (draws.scale[step], draws.angle[step])
        yield from draws.second[step] if jitter else ()


def visualize(
    network: nn.Module, layer: str, channel: int, objective: str, settings: Optimization, direction: torch.Tensor | None = None
) -> PlainRun:
    """Lucent's `render_vis` of one channel, from this project's noise and with its drawn transforms.

    direction: (C,), in the channel's place, where the objective is of one. Raises ValueError below 224 pixels, where Lucent
    enlarges the image for the network and this project does not.
    """
    if settings.size < 224:
        raise ValueError(f"{settings.size} pixels: Lucent enlarges images below 224 for the network")
    noise, draws = start(layer, channel, settings)
    trace, seconds = [], []

    def image():
        spectra, image_f = param.image(settings.size, sd=settings.sd)
        spectra[0].data.copy_(noise[None])
        return spectra, image_f

    class RecordedAdam(torch.optim.Adam):
        def step(self, closure):
            begun = time.perf_counter()
            trace.append(-super().step(closure).detach())
            seconds.append(time.perf_counter() - begun)

    network = deepcopy(network).to(device())
    objective_f = getattr(objectives, objective)(name_for_lucent(network, layer), channel if direction is None else direction)
    sequence = drawn(draws, settings.transform_settings.jitter)
    with mock.patch("numpy.random.choice", lambda options: next(sequence)):
        images = render.render_vis(
            network,
            objective_f,
            param_f=image,
            transforms=transforms(settings),
            optimizer=lambda spectra: RecordedAdam(spectra, lr=settings.learning_rate),
            thresholds=(settings.steps,),
            show_image=False,
            progress=False,
        )
    assert next(sequence, None) is None, "Lucent asked for fewer transforms than were drawn"
    return PlainRun(images[0][0], torch.stack(trace).cpu().numpy(), np.array(seconds))
