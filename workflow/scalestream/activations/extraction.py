"""Center activations of natural images, their means and the images that excite a channel most (method: THINGSvision)."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pyarrow as pa
import torch
from torch import nn

from scalestream.activations.center import center
from scalestream.activations.tables import ACTIVATIONS
from scalestream.errors import InputError
from scalestream.images.preprocessing import IMAGENET, Normalization, network_input
from scalestream.networks.device import device
from scalestream.networks.graph import maps_of
from scalestream.run.checkpoint import Checkpoint

PART = 4096  # images whose activations are held in memory at most


def extract(
    network: nn.Module, layers: list[str], batches: Iterable[torch.Tensor], normalization: Normalization = IMAGENET
) -> Iterator[dict[str, np.ndarray]]:
    """Center activations of every layer, a batch at a time, all layers in one forward pass.

    batches: 8-bit images (N, 3, S, S). Yields layer -> (N, C) float32. Only one batch of feature maps is ever held.
    """
    from thingsvision import get_extractor_from_model

    taps = {f"taps.{number}": layer for number, layer in enumerate(layers)}
    extractor = get_extractor_from_model(model=maps_of(network, layers), device=device().type, backend="pt")
    with extractor.batch_extraction(module_names=list(taps), output_type="tensor") as extraction:
        for images in batches:
            maps = extraction.extract_batch(batch=network_input(images, device(), normalization), flatten_acts=False)
            yield {layer: center(maps[tap]).float().cpu().numpy() for tap, layer in taps.items()}


def extract_in_parts(
    network: nn.Module,
    layers: list[str],
    images: list[str],
    batches: Callable[[int], Iterable[torch.Tensor]],
    checkpoint: Checkpoint,
    normalization: Normalization = IMAGENET,
) -> Iterator[dict[str, np.ndarray]]:
    """Center activations of every layer, a part of the images at a time, without those that an earlier try kept.

    images: (N,) names. batches: the number of the first image -> 8-bit images (N, 3, S, S) from there on. Yields layer ->
    (N, C) float32 when all are computed. Raises InputError naming the first channel and image whose activation is not finite.
    """
    parts, first, batch = [], 0, []

    def joined() -> dict[str, torch.Tensor]:
        return {layer: torch.from_numpy(np.concatenate([activations[layer] for activations in batch])) for layer in layers}

    while kept := checkpoint.get(f"images-{first}"):
        parts.append(first)
        first += len(kept[layers[0]])
    count = 0
    for of_batch in extract(network, layers, batches(first), normalization):
        begin = first + count
        for layer, activations in of_batch.items():
            require_finite(images[begin:], activations, layer)
        batch.append(of_batch)
        count += len(of_batch[layers[0]])
        if checkpoint.keep(f"images-{first}", joined, now=count >= PART):
            parts.append(first)
            first, count, batch = first + count, 0, []
    for part in [*parts, first] if batch else parts:
        yield {layer: activations.numpy() for layer, activations in checkpoint.get(f"images-{part}").items()}


def require_finite(images: list[str], activations: np.ndarray, layer: str) -> None:
    """Raises InputError naming the first image and channel whose activation is not finite; activations: (N, C)."""
    bad = np.argwhere(~np.isfinite(activations))
    if len(bad):
        image, channel = bad[0]
        raise InputError(
            f"{layer}, channel {channel}: the activation is {activations[image, channel]} for "
            f"{images[image]}; check the weights (model.weights)"
        )


def as_table(images: list[str], activations: np.ndarray) -> pa.Table:
    """Rows of the cached activations: (N,) image names and (N, C) activations."""
    count, channels = activations.shape
    offsets = pa.array(np.arange(count + 1, dtype=np.int32) * channels)
    return pa.table(
        [pa.array(images), pa.ListArray.from_arrays(offsets, pa.array(activations.reshape(-1)))], schema=ACTIVATIONS
    )
