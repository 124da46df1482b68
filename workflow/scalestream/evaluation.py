"""Top-1 accuracy of a network on the image set, with channels of one block ablated (paper, section 4)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from scalestream import network, tables
from scalestream.ablation import AblatedNetwork
from scalestream.architectures import blocks
from scalestream.checkpoint import Checkpoint
from scalestream.criteria import passing_channels
from scalestream.errors import InputError
from scalestream.image_cache import ImageCache
from scalestream.loading import ScaledViews, batches
from scalestream.preprocessing import Resized, network_input
from scalestream.progress import watched
from scalestream.screening import Tally


@dataclass(frozen=True)
class Condition:
    """A set of channels to ablate: none in the "intact" condition, the passing ones in "scale", a trial's draw in "random"."""

    name: str
    trial: int | None
    channels: list[int]


@dataclass(frozen=True)
class Evaluation:
    """Everything that the accuracies of one block's ablations need."""

    ablated: AblatedNetwork
    channels: int
    passing: list[int]
    images: Sequence[Resized]
    labels: list[int]
    crop: int
    convention: str
    batch_size: int
    workers: int
    checkpoint: Checkpoint = field(default_factory=Checkpoint)

    @classmethod
    def open(cls, files, block: str, settings: dict, batch_size: int, workers: int, checkpoint: Checkpoint) -> "Evaluation":
        """Read what there is to read.

        files: has the paths manifest, weights, images, cache, criteria and means as attributes. checkpoint: the images that
        an earlier try counted are not counted again. Raises InputError when the block has no passing channel.
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
        ablated = AblatedNetwork(network.load(files.manifest, files.weights), block, torch.tensor(means))
        return cls(ablated, found.channels, passing,
                   ImageCache(list(files.cache), images["path"].to_pylist(), settings["images.resize"]),
                   images["class_index"].to_pylist(), settings["images.crop"],
                   settings.get("ablation.crop_convention", "paper"), batch_size, workers, checkpoint)

    @property
    def references(self) -> list[Condition]:
        """The conditions that random draws are compared with."""
        return [Condition("intact", None, []), Condition("scale", None, self.passing)]

    def rows(self, conditions: list[Condition], percents: list[int]) -> list[dict]:
        """Rows of the ablation table: every condition at every scale, over all images in one pass."""
        sets = [condition.channels for condition in conditions]
        earlier = self.checkpoint.get("rows") or {"n_correct": np.zeros((len(conditions), len(percents))), "n_seen": 0}
        n_correct, n_seen = np.array(earlier["n_correct"], dtype=np.int64), earlier["n_seen"]
        names = [condition.name for condition in conditions]

        def so_far() -> str:
            means = {name: n_correct[[name == other for other in names]].mean() / n_seen for name in dict.fromkeys(names)}
            return ", ".join(f"{name} {mean:.1%}" for name, mean in means.items())

        for images, labels in self._watched(percents, so_far, n_seen):
            for view in range(len(percents)):
                n_correct[:, view] += self._correct(images[:, view], labels, sets).sum(axis=1)
            n_seen += len(labels)
            self.checkpoint.keep("rows", lambda: {"n_correct": n_correct.tolist(), "n_seen": n_seen})
        return [self.row(condition, percent, count) for condition, counts in zip(conditions, n_correct.tolist())
                for percent, count in zip(percents, counts)]

    def row(self, condition: Condition, percent: int, n_correct: int) -> dict:
        """A row of the ablation table."""
        n_images = len(self.labels)
        return {"block": self.ablated.block, "condition": condition.name, "trial": condition.trial, "scale_percent": percent,
                "n_correct": n_correct, "n_images": n_images, "accuracy": n_correct / n_images}

    def tally(self, sets: list[list[int]], most: int, name: str = "tally") -> Tally:
        """Correct answers at no scale with each set of channels ablated, as far as they must be known.

        name: of this pass, in the checkpoint.
        """
        earlier = self.checkpoint.get(name) or {"counts": None, "n_seen": 0}
        tally, n_seen = Tally(len(sets), most, earlier["counts"]), earlier["n_seen"]

        def so_far() -> str:
            return f"{(tally.n_correct / tally.n_seen).mean():.1%}, {len(tally.followed)} of {len(sets)} draws left"

        for images, labels in self._watched([0], so_far, n_seen):
            if not len(tally.followed):
                break
            tally.add(self._correct(images[:, 0], labels, [sets[place] for place in tally.followed]))
            n_seen += len(labels)
            self.checkpoint.keep(name, lambda: {"counts": tally.counts, "n_seen": n_seen})
        return tally

    def _watched(self, percents: list[int], so_far: Callable[[], str],
                 begin: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Batches of views and labels from image `begin` on, with progress and the top-1 accuracy so far in the log."""
        views = ScaledViews(self.images, self.labels, percents, self.crop, self.convention)
        watch = watched("images", len(self.labels), "images")
        return watch(batches(views, self.batch_size, self.workers, begin), before=begin, each=self.batch_size,
                     note=lambda: f"top-1 so far: {so_far()}")

    def _correct(self, views: torch.Tensor, labels: torch.Tensor, sets: list[list[int]]) -> np.ndarray:
        """(sets, N): whether 8-bit views (N, 3, S, S) are answered correctly with each set of channels ablated."""
        return self.ablated.correct(network_input(views, network.device()), labels, sets).numpy()
