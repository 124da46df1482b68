"""Activations of In and Pre that a crosscoder is trained on: of crops of images, each at several magnifications.

A sample is one crop of one image. It is magnified about what the center neuron of Pre looks at, always from the crop itself, so
that no view is magnified twice.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import interpolate
from torch.utils.data import Dataset

from scalestream.crosscoder.layer_directions import SITES
from scalestream.images.geometry import magnification_crop
from scalestream.images.preprocessing import IMAGENET, Normalization, Resized, magnify, network_input, view
from scalestream.measures.neurons import CenterNeurons, require_finite
from scalestream.networks.device import device
from scalestream.run.checkpoint import Checkpoint
from scalestream.vision import functional as F


class Crops(Dataset):
    """Crops of images, `count` of each: the one that the network sees at no scale, then random ones of the same size.

    Item: 8-bit (3, crop, crop). Those of an image follow each other; the image's number alone says which they are.
    """

    def __init__(self, images: Sequence[Resized], count: int, crop: int):
        self.images, self.count, self.crop = images, count, crop

    def __len__(self) -> int:
        return len(self.images) * self.count

    def __getitem__(self, sample: int) -> torch.Tensor:
        index, number = divmod(sample, self.count)
        image = self.images[index]
        if number == 0:
            return F.pil_to_tensor(view(image, self.crop, self.crop))
        places = image.square.width - self.crop + 1
        drawn = np.random.default_rng([0, index]).permutation(places**2)
        top, left = divmod(int(drawn[number - 1]), places)
        return F.pil_to_tensor(F.crop(image.square, top, left, self.crop, self.crop))


def equally_blurred(images: torch.Tensor, octave: float, strongest: float, about: float) -> torch.Tensor:
    """Magnified images (N, channels, side, side) that have the resolution of those magnified by the strongest octave: made as
    small as what that leaves of them, then large again.

    Magnification blurs. Without this control, what tells one magnification from another can be the fine detail that it lacks.
    """
    side = images.shape[-1]
    least = magnification_crop(side, 2**strongest)
    small = interpolate(magnify(images, 2**octave, about), (least, least), mode="bilinear", antialias=True)
    return interpolate(small, (side, side), mode="bilinear")


class EquallyBlurred(CenterNeurons):
    """Center neurons whose magnified images all have the resolution of the one magnified most."""

    def magnified(self, images: torch.Tensor, octave: float) -> torch.Tensor:
        """The rows, and columns, of the equally blurred images that the network runs on."""
        return equally_blurred(images, octave, max(self.octaves), self.about)[..., self.rows, self.rows]


def measure(
    neurons: CenterNeurons,
    names: Sequence[str],
    crops: Callable[[int], Iterable[torch.Tensor]],
    place: Path,
    checkpoint: Checkpoint,
    normalization: Normalization = IMAGENET,
) -> None:
    """Write the activations of all samples to an .npy file at `place`: (samples, sites, octaves, channels) of 32 bits.

    names: the image of every sample. crops: the number of the first sample -> 8-bit crops from there on. What an earlier try
    has written at `place` stays, as far as the checkpoint says. Raises InputError naming the first channel and image whose
    activation is not finite.
    """
    shape = len(names), len(SITES), len(neurons.octaves), neurons.block.channels
    done = (checkpoint.get("samples") or 0) if place.exists() else 0
    place.parent.mkdir(parents=True, exist_ok=True)
    written = np.lib.format.open_memmap(place, "r+" if done else "w+", np.float32, shape)
    with open(place, "r+b") as file:
        os.posix_fallocate(file.fileno(), 0, place.stat().st_size)  # else a full disk would end the process without a word

    def so_far() -> int:
        written.flush()
        return done

    for pixels in crops(done):
        activations = neurons(network_input(pixels, device(), normalization))
        require_finite(neurons.block, names[done : done + len(pixels)], activations)
        written[done : done + len(pixels)] = activations[: len(SITES)].transpose(0, 1).cpu().numpy()
        done += len(pixels)
        checkpoint.keep("samples", so_far)
    written.flush()
