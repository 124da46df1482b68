"""Means of center activations, and the images that excite a channel most (paper, sections 3 and 4)."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa


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
        order = np.argsort(-values, axis=0, kind="stable")[: self.top]  # stable: of equal images the earlier stays ahead
        self.values = np.take_along_axis(values, order, axis=0)
        self.names = np.take_along_axis(names, order, axis=0)

    @property
    def means(self) -> np.ndarray:
        """(C,)."""
        return self.total / self.count

    def mean_rows(self, layer: str) -> list[dict]:
        """Rows of the table of mean activations."""
        return [
            {"layer": layer, "channel": channel, "mean": mean, "n_images": self.count}
            for channel, mean in enumerate(self.means.tolist())
        ]

    def top_rows(self, layer: str) -> list[dict]:
        """Rows of the table of top images; rank 1 is the strongest."""
        return [
            {
                "layer": layer,
                "channel": channel,
                "rank": rank + 1,
                "activation": self.values[rank, channel],
                "image": self.names[rank, channel],
            }
            for channel in range(self.values.shape[1])
            for rank in range(len(self.values))
        ]


def summarize(tables: Iterable[pa.RecordBatch], channels: int) -> Summary:
    """The summary of a layer's cached activations, read piece by piece."""
    summary = Summary(channels)
    for rows in tables:
        values = rows.column("activations").flatten().to_numpy().reshape(len(rows), channels)
        summary.add(rows.column("image").to_pylist(), values)
    return summary
