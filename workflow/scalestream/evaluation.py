"""Accuracy of a network on the image set, with channels of one block ablated (paper, section 4)."""

from dataclasses import dataclass

import numpy as np
import torch
from torchvision.models import ResNet

from scalestream import network, tables
from scalestream.ablation import count_correct
from scalestream.architectures import blocks
from scalestream.criteria import passing_channels
from scalestream.errors import InputError
from scalestream.preprocessing import ScaledViews, batches
from scalestream.progress import watched


@dataclass(frozen=True)
class Evaluation:
    """Everything that the accuracies of one block's ablations need."""

    model: ResNet
    block: str
    channels: int
    passing: list[int]
    means: torch.Tensor
    paths: list[str]
    labels: list[int]
    resize: int
    crop: int
    convention: str
    batch_size: int
    workers: int

    @classmethod
    def open(cls, files, block: str, settings: dict, batch_size: int, workers: int) -> "Evaluation":
        """Read what there is to read.

        files: has the paths manifest, weights, images, criteria and means as attributes. Raises InputError when the block
        has no passing channel.
        """
        manifest = network.read_manifest(files.manifest)
        found = blocks(manifest["architecture"])[block]
        passing = passing_channels(tables.read(files.criteria, tables.CRITERIA))
        if not passing:
            raise InputError(f"block {block}: no channel passes the criteria, so there is nothing to ablate; take it out of "
                             "ablation.blocks")
        means = [row["mean"] for row in tables.read(files.means, tables.MEAN_ACTIVATIONS).sort_by("channel").to_pylist()
                 if row["layer"] == found.post]
        images = tables.read(files.images, tables.IMAGES, ["path", "class_index"])
        labels = images["class_index"].to_pylist()
        return cls(network.load(files.manifest, files.weights), block, found.channels, passing, torch.tensor(means),
                   images["path"].to_pylist(), labels, settings["images.resize"], settings["images.crop"],
                   settings.get("ablation.crop_convention", "paper"), batch_size, workers)

    @property
    def n_images(self) -> int:
        """Size of the image set."""
        return len(self.paths)

    def count(self, conditions: list[list[int]], percents: list[int]) -> np.ndarray:
        """(conditions, percents): correct answers over all images; a condition is the set of channels to ablate."""
        views = ScaledViews(self.paths, self.labels, percents, self.resize, self.crop, self.convention)
        loader = batches(views, self.batch_size, self.workers)
        counts = count_correct(self.model, self.block, conditions, self.means, loader)
        for correct in watched(f"batches of {len(conditions)} condition(s)", len(loader))(counts):
            pass
        return correct

    def row(self, condition: str, trial: int | None, percent: int, n_correct: int) -> dict:
        """A row of the ablation table."""
        return {"block": self.block, "condition": condition, "trial": trial, "scale_percent": percent,
                "n_correct": n_correct, "n_images": self.n_images, "accuracy": n_correct / self.n_images}
