"""Top-1 accuracy of a network on the image set, with channels of one block ablated (paper, section 4)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import repeat

import numpy as np
import torch

from scalestream import network, tables
from scalestream.ablation import AblatedNetwork
from scalestream.answers import packed
from scalestream.architectures import blocks
from scalestream.checkpoint import Checkpoint
from scalestream.errors import InputError
from scalestream.image_cache import ImageCache
from scalestream.loading import ScaledViews, batches
from scalestream.preprocessing import Resized, network_input
from scalestream.progress import watched
from scalestream.screening import Tally
from scalestream.selection import selected_channels


@dataclass(frozen=True)
class Condition:
    """A set of channels to ablate: none in the "intact" condition, the selected ones in "scale", in others those of a draw."""

    name: str
    trial: int | None
    channels: list[int]


@dataclass(frozen=True)
class Evaluation:
    """Everything that the accuracies of one block's ablations need.

    selected: the channels of the scale condition, the highest response gain first. donors: by image, the one whose maps replace
    its own where they are resampled.
    """

    ablated: AblatedNetwork
    selected: list[int]
    images: Sequence[Resized]
    labels: list[int]
    crop: int
    convention: str
    batch_size: int
    workers: int
    checkpoint: Checkpoint = field(default_factory=Checkpoint)
    donors: list[int] | None = None

    @classmethod
    def open(cls, files, block: str, settings: dict, batch_size: int, workers: int, checkpoint: Checkpoint,
             kind: str = "mean") -> "Evaluation":
        """Read what there is to read.

        files: has the paths manifest, weights, images, cache, selection and means as attributes. checkpoint: the images that
        an earlier try counted are not counted again. kind: of ablation. Raises InputError when no channel of the block is
        selected.
        """
        manifest = network.read_manifest(files.manifest)
        found = blocks(manifest["architecture"])[block]
        selected = selected_channels(tables.read(files.selection, tables.SELECTION))
        if not selected:
            raise InputError(f"block {block}: no channel passes the criteria (ablation.selection), so there is nothing to "
                             "ablate; take it out of ablation.blocks")
        means = [row["mean"] for row in tables.read(files.means, tables.MEAN_ACTIVATIONS).sort_by("channel").to_pylist()
                 if row["layer"] == found.post]
        images = tables.read(files.images, tables.IMAGES, ["path", "class_index"])
        ablated = AblatedNetwork(network.load(files.manifest, files.weights), block, torch.tensor(means), kind)
        return cls(ablated, selected, ImageCache(list(files.cache), images["path"].to_pylist(), settings["images.resize"]),
                   images["class_index"].to_pylist(), settings["images.crop"],
                   settings.get("ablation.crop_convention", "paper"), batch_size, workers, checkpoint,
                   derangement(len(images), settings["ablation.seed"]) if kind == "resample" else None)

    @property
    def references(self) -> list[Condition]:
        """The conditions that random draws are compared with."""
        return [Condition("intact", None, []), Condition("scale", None, sorted(self.selected))]

    def rows(self, conditions: list[Condition], percents: list[int]) -> list[dict]:
        """Rows of the ablation table: every condition at every scale, over all images in one pass."""
        sets = [condition.channels for condition in conditions]
        names = [condition.name for condition in conditions]
        correct = np.zeros((len(conditions), len(percents), len(self.labels)), dtype=bool)
        n_seen = 0
        earlier = self.checkpoint.get("rows")
        if earlier is not None:
            n_seen = earlier.shape[2]
            correct[:, :, :n_seen] = earlier

        def so_far() -> str:
            means = {name: correct[[name == other for other in names], :, :n_seen].mean() for name in dict.fromkeys(names)}
            return ", ".join(f"{name} {mean:.1%}" for name, mean in means.items())

        for images, labels, donors in self._watched(percents, so_far, n_seen):
            seen = slice(n_seen, n_seen + len(labels))
            for view in range(len(percents)):
                correct[:, view, seen] = self._correct(images[:, view], labels, sets, None if donors is None else donors[:, view])
            n_seen = seen.stop
            self.checkpoint.keep("rows", lambda: torch.from_numpy(correct[:, :, :n_seen].copy()))
        return [self.row(condition, percent, int(answers.sum()), packed(answers))
                for condition, views in zip(conditions, correct) for percent, answers in zip(percents, views)]

    def row(self, condition: Condition, percent: int, n_correct: int, correct: bytes) -> dict:
        """A row of the ablation table."""
        n_images = len(self.labels)
        return {"block": self.ablated.block, "kind": self.ablated.kind, "condition": condition.name, "trial": condition.trial,
                "scale_percent": percent, "n_correct": n_correct, "n_images": n_images, "accuracy": n_correct / n_images,
                "correct": correct}

    def tally(self, sets: list[list[int]], most: int, name: str = "tally") -> Tally:
        """Correct answers at no scale with each set of channels ablated, as far as they must be known.

        name: of this pass, in the checkpoint.
        """
        earlier = self.checkpoint.get(name)
        tally = Tally(len(sets), most, earlier)
        n_seen = earlier["answers"].shape[1] if earlier else 0

        def so_far() -> str:
            return f"{(tally.n_correct / tally.n_seen).mean():.1%}, {len(tally.followed)} of {len(sets)} draws left"

        for images, labels, _ in self._watched([0], so_far, n_seen):
            if not len(tally.followed):
                break
            tally.add(self._correct(images[:, 0], labels, [sets[place] for place in tally.followed]))
            n_seen += len(labels)
            self.checkpoint.keep(name, lambda: tally.state)
        return tally

    def _watched(self, percents: list[int], so_far: Callable[[], str],
                 begin: int) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]]:
        """Batches of views, labels and the donors' views from image `begin` on, with progress and the top-1 accuracy so far in
        the log."""
        views = ScaledViews(self.images, self.labels, percents, self.crop, self.convention)
        watch = watched("images", len(self.labels), "images")
        images = batches(views, self.batch_size, self.workers, begin)
        others = batches(views, self.batch_size, self.workers, begin, self.donors) if self.donors else repeat((None, None))
        pairs = ((*batch, donors) for batch, (donors, _) in zip(images, others))
        return watch(pairs, before=begin, each=self.batch_size, note=lambda: f"top-1 so far: {so_far()}")

    def _correct(self, views: torch.Tensor, labels: torch.Tensor, sets: list[list[int]],
                 donors: torch.Tensor | None = None) -> np.ndarray:
        """(sets, N): whether 8-bit views (N, 3, S, S) are answered correctly with each set of channels ablated."""
        donors = None if donors is None else network_input(donors, network.device())
        return self.ablated.correct(network_input(views, network.device()), labels, sets, donors).numpy()


def derangement(count: int, seed: int) -> list[int]:
    """By image, another image that gives its maps: a random cycle through all of them, so that none gives to itself.

    Raises InputError when there is no other image.
    """
    if count < 2:
        raise InputError("study.kinds: resample needs at least two images; give more, or take it out")
    order = np.random.default_rng(seed).permutation(count)
    found = np.empty(count, dtype=int)
    found[order] = np.roll(order, 1)
    return found.tolist()
