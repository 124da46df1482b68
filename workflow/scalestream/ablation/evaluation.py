"""Top-1 accuracy of a network on the image set, with channels of one block ablated (paper, section 4)."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import repeat

import numpy as np
import torch

from scalestream.ablation.ablated_network import AblatedNetwork
from scalestream.ablation.correctness import packed
from scalestream.ablation.direction_ablation import DirectionAblatedNetwork
from scalestream.ablation.lesioned_network import LesionedNetwork
from scalestream.ablation.screening import SequentialScreening
from scalestream.ablation.tables import DIRECTIONS
from scalestream.activations.tables import MEAN_ACTIVATIONS
from scalestream.criteria.selection import selected_channels
from scalestream.criteria.tables import SELECTION
from scalestream.errors import InputError
from scalestream.images.cache import ImageCache
from scalestream.images.loading import ScaleTransformedImages, batches
from scalestream.images.preprocessing import IMAGENET, Normalization, Resized, network_input
from scalestream.images.tables import IMAGES
from scalestream.networks.device import device
from scalestream.networks.manifest import Manifest
from scalestream.run import tables
from scalestream.run.checkpoint import Checkpoint
from scalestream.run.progress import watched


@dataclass(frozen=True)
class Condition:
    """Channels to ablate: none in the "intact" condition, the selected ones in "scale", in others those of a draw. Of a lesion,
    what takes In's place."""

    name: str
    trial: int | None
    channels: list[int] | list[str]


@dataclass(frozen=True)
class EvaluationFiles:
    """Paths of what the accuracies of a block's ablations are computed from; directions: where it is these that are ablated."""

    manifest: str
    weights: str
    images: str
    cache: list[str]
    selection: str
    means: str
    directions: str = ""


@dataclass(frozen=True)
class Evaluation:
    """Everything that the accuracies of one block's ablations, or lesions, need.

    selected: the channels of the scale condition, the highest response gain first. donors: by image, the one whose maps replace
    its own where they are resampled.
    """

    ablated: AblatedNetwork | LesionedNetwork
    selected: list[int]
    images: Sequence[Resized]
    labels: list[int]
    crop: int
    convention: str
    batch_size: int
    workers: int
    checkpoint: Checkpoint = field(default_factory=Checkpoint)
    donors: list[int] | None = None
    normalization: Normalization = IMAGENET

    @classmethod
    def open(
        cls,
        files: EvaluationFiles,
        block: str,
        settings: dict,
        batch_size: int,
        workers: int,
        checkpoint: Checkpoint,
        replacement: str = "mean",
    ) -> "Evaluation":
        """Read what there is to read.

        settings: configuration values by dotted key. checkpoint: the images that an earlier try counted are not counted again.
        replacement: as for `AblatedNetwork`.
        """
        manifest = Manifest.read(files.manifest)
        means = tables.read(files.means, MEAN_ACTIVATIONS).to_pandas().sort_values("channel")
        means = means.loc[means["layer"] == manifest.blocks[block].stream, "mean"]
        intact = manifest.load(files.weights), manifest.blocks[block], torch.tensor(means.tolist())
        if files.directions:
            directions = tables.read(files.directions, DIRECTIONS)["direction"].to_pylist()
            ablated = DirectionAblatedNetwork(*intact, torch.tensor(directions))
        else:
            ablated = AblatedNetwork(*intact, replacement)
        selected = selected_channels(tables.read(files.selection, SELECTION))
        return cls.over(files.images, files.cache, ablated, settings, batch_size, workers, checkpoint, selected)

    @classmethod
    def over(
        cls,
        images: str,
        cache: list[str],
        ablated: AblatedNetwork | LesionedNetwork,
        settings: dict,
        batch_size: int,
        workers: int,
        checkpoint: Checkpoint,
        selected: Iterable[int] = (),
    ) -> "Evaluation":
        """Of a network that is made already, over the run's images; other arguments as for `open`."""
        images = tables.read(images, IMAGES, ["path", "class_index"])
        return cls(
            ablated,
            list(selected),
            ImageCache.of_list(images, cache, settings),
            images["class_index"].to_pylist(),
            settings["images.crop"],
            settings.get("ablation.crop_convention", "paper"),
            batch_size,
            workers,
            checkpoint,
            derangement(len(images), settings["ablation.seed"]) if ablated.replacement == "resample" else None,
            Normalization.from_settings(settings),
        )

    @property
    def references(self) -> list[Condition]:
        """The conditions that random draws are compared with; where no channel is selected, the intact network alone."""
        scale = [Condition("scale", None, sorted(self.selected))] if self.selected else []
        return [Condition("intact", None, []), *scale]

    def rows(self, conditions: list[Condition], percents: list[int]) -> list[dict]:
        """Rows of the ablation table: every condition at every scale, over all images in one pass."""
        if not conditions:
            return []
        channel_sets = [condition.channels for condition in conditions]
        names = [condition.name for condition in conditions]
        correct = np.zeros((len(conditions), len(percents), len(self.labels)), dtype=bool)
        n_seen = 0
        key = _key("rows", channel_sets, percents)
        earlier = self.checkpoint.get(key)
        if earlier is not None:
            n_seen = earlier.shape[2]
            correct[:, :, :n_seen] = earlier

        for images, labels, donors in self._watched(percents, n_seen, note=lambda: _shares(names, correct[:, :, :n_seen])):
            seen = slice(n_seen, n_seen + len(labels))
            for scale in range(len(percents)):
                donors_at_scale = None if donors is None else donors[:, scale]
                correct[:, scale, seen] = self._correct(images[:, scale], labels, channel_sets, donors_at_scale)
            n_seen = seen.stop
            self.checkpoint.keep(key, lambda: torch.from_numpy(correct[:, :, :n_seen].copy()))
        return [
            self.row(condition, percent, int(answers.sum()), packed(answers))
            for condition, scales in zip(conditions, correct)
            for percent, answers in zip(percents, scales)
        ]

    def row(self, condition: Condition, percent: int, n_correct: int, correct: bytes) -> dict:
        """A row of the ablation table."""
        n_images = len(self.labels)
        return {
            "block": self.ablated.block.name,
            "replacement": self.ablated.replacement,
            "condition": condition.name,
            "trial": condition.trial,
            "scale_percent": percent,
            "n_correct": n_correct,
            "n_images": n_images,
            "accuracy": n_correct / n_images,
            "correct": correct,
        }

    def screening(self, channel_sets: list[list[int]], most: int) -> SequentialScreening:
        """Correct answers at no scale with each set of channels ablated, as far as they must be known."""
        key = _key("screening", channel_sets, most)
        earlier = self.checkpoint.get(key)
        screening = SequentialScreening(len(channel_sets), most, earlier)
        n_seen = earlier["answers"].shape[1] if earlier else 0

        for images, labels, _ in self._watched([0], n_seen, note=lambda: _left(screening)):
            if not len(screening.followed):
                break
            followed = [channel_sets[number] for number in screening.followed]
            screening.add(self._correct(images[:, 0], labels, followed))
            n_seen += len(labels)
            self.checkpoint.keep(key, lambda: screening.state)
        return screening

    def _watched(
        self, percents: list[int], begin: int, note: Callable[[], str]
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]]:
        """Batches of images at the scales, labels and the donors at the scales from image `begin` on, with progress and a note
        on the top-1 accuracy so far in the log."""
        transformed = ScaleTransformedImages(self.images, self.labels, percents, self.crop, self.convention)
        watch = watched("images", len(self.labels), "images")
        images = batches(transformed, self.batch_size, self.workers, begin)
        donors = repeat((None, None))
        if self.donors:
            donors = batches(transformed, self.batch_size, self.workers, begin, self.donors)
        pairs = ((*batch, others) for batch, (others, _) in zip(images, donors))
        return watch(pairs, before=begin, each=self.batch_size, note=lambda: f"top-1 so far: {note()}")

    def _correct(
        self,
        images: torch.Tensor,
        labels: torch.Tensor,
        channel_sets: list[list],
        donors: torch.Tensor | None = None,
    ) -> np.ndarray:
        """(sets, N): whether 8-bit images (N, 3, S, S) are answered correctly with each set of channels ablated."""
        inputs, labels = network_input(images, device(), self.normalization), labels.to(device())
        donors = None if donors is None else network_input(donors, device(), self.normalization)
        answers = [logits.argmax(dim=1) == labels for logits in self.ablated.logits(inputs, channel_sets, donors)]
        return torch.stack(answers).cpu().numpy()


def derangement(count: int, seed: int) -> list[int]:
    """By image, another image that gives its maps: a random cycle through all of them, so that none gives to itself.

    Raises InputError when there is no other image.
    """
    if count < 2:
        raise InputError("study.replacements: resample needs at least two images; give more, or take it out")
    order = np.random.default_rng(seed).permutation(count)
    donors = np.empty(count, dtype=int)
    donors[order] = np.roll(order, 1)
    return donors.tolist()


def _key(work: str, *asked: object) -> str:
    """A name in the checkpoint for just this work: what was counted for other conditions is never taken for it."""
    return f"{work}-{hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]}"


def _shares(names: list[str], correct: np.ndarray) -> str:
    """Accuracies by the conditions' names; correct: (conditions, scales, N)."""
    means = {name: correct[[name == other for other in names]].mean() for name in dict.fromkeys(names)}
    return ", ".join(f"{name} {mean:.1%}" for name, mean in means.items())


def _left(screening: SequentialScreening) -> str:
    """The mean accuracy, and how many draws can still be accepted."""
    mean = (screening.n_correct / screening.n_seen).mean()
    return f"{mean:.1%}, {len(screening.followed)} of {len(screening.n_seen)} draws left"
