"""Center activations of natural images, their means and the images that excite a channel most (method: THINGSvision)."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pyarrow as pa
import torch
from torch import nn

from scalestream.checkpoint import Checkpoint
from scalestream.errors import InputError
from scalestream.network import center, device
from scalestream.preprocessing import network_input
from scalestream.tables import ACTIVATIONS

PART = 4096  # images whose activations are held in memory at most


def extract(network: nn.Module, layers: list[str], batches: Iterable[torch.Tensor]) -> Iterator[dict[str, np.ndarray]]:
    """Center activations of every layer, a batch at a time, all layers in one forward pass.

    batches: 8-bit images (N, 3, S, S). Yields layer -> (N, C) float32. Only one batch of feature maps is ever held.
    """
    from thingsvision import get_extractor_from_model

    extractor = get_extractor_from_model(model=network, device=device().type, backend="pt")
    with extractor.batch_extraction(module_names=layers, output_type="tensor") as extraction:
        for images in batches:
            maps = extraction.extract_batch(batch=network_input(images, device()), flatten_acts=False)
            yield {layer: center(maps[layer]).float().cpu().numpy() for layer in layers}


def extract_in_parts(network: nn.Module, layers: list[str], images: list[str],
                     batches: Callable[[int], Iterable[torch.Tensor]], checkpoint: Checkpoint) -> Iterator[dict[str, np.ndarray]]:
    """Center activations of every layer, a part of the images at a time, without those that an earlier try kept.

    images: (N,) names. batches: the number of the first image -> 8-bit images (N, 3, S, S) from there on. Yields layer ->
    (N, C) float32 when all are computed. Raises InputError naming the first channel and image whose activation is not finite.
    """
    parts, first, batch = [], 0, []

    def joined() -> dict[str, torch.Tensor]:
        return {layer: torch.from_numpy(np.concatenate([found[layer] for found in batch])) for layer in layers}

    while kept := checkpoint.get(f"images-{first}"):
        parts.append(first)
        first += len(kept[layers[0]])
    count = 0
    for found in extract(network, layers, batches(first)):
        begin = first + count
        for layer, activations in found.items():
            require_finite(images[begin:], activations, layer)
        batch.append(found)
        count += len(found[layers[0]])
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
        raise InputError(f"{layer}, channel {channel}: the activation is {activations[image, channel]} for "
                         f"{images[image]}; check the weights (model.weights)")


def as_table(images: list[str], activations: np.ndarray) -> pa.Table:
    """Rows of the cached activations: (N,) image names and (N, C) activations."""
    count, channels = activations.shape
    offsets = pa.array(np.arange(count + 1, dtype=np.int32) * channels)
    return pa.table([pa.array(images), pa.ListArray.from_arrays(offsets, pa.array(activations.reshape(-1)))],
                    schema=ACTIVATIONS)


class Summary:
    """Mean and top images of every channel of a layer, gathered batch by batch."""

    def __init__(self, channels: int, top: int = 9):
        self.count = 0
        self.total = np.zeros(channels)
        self.top = top
        self.values = np.empty((0, channels), dtype=np.float32)
        self.names = np.empty((0, channels), dtype=object)

    def add(self, images: list[str], activations: np.ndarray) -> None:
        """images: (N,) names; activations: (N, C)."""
        self.count += len(images)
        self.total += activations.sum(axis=0, dtype=np.float64)
        values = np.concatenate([self.values, activations])
        names = np.concatenate([self.names, np.broadcast_to(np.array(images, dtype=object)[:, None], activations.shape)])
        order = np.argsort(-values, axis=0, kind="stable")[:self.top]  # stable: of equal images the earlier stays ahead
        self.values = np.take_along_axis(values, order, axis=0)
        self.names = np.take_along_axis(names, order, axis=0)

    def mean_rows(self, layer: str) -> list[dict]:
        """Rows of the table of mean activations."""
        return [{"layer": layer, "channel": channel, "mean": total / self.count, "n_images": self.count}
                for channel, total in enumerate(self.total)]

    def top_rows(self, layer: str) -> list[dict]:
        """Rows of the table of top images; rank 1 is the strongest."""
        return [{"layer": layer, "channel": channel, "rank": rank + 1, "activation": self.values[rank, channel],
                 "image": self.names[rank, channel]}
                for channel in range(self.values.shape[1]) for rank in range(len(self.values))]


def summarize(tables: Iterable[pa.RecordBatch], channels: int) -> Summary:
    """The summary of a layer's cached activations, read piece by piece."""
    summary = Summary(channels)
    for rows in tables:
        values = rows.column("activations").flatten().to_numpy().reshape(len(rows), channels)
        summary.add(rows.column("image").to_pylist(), values)
    return summary
