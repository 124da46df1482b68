"""For notebooks: load a network with its blocks, visualize channels, evaluate criteria, ablate and measure, read a run's table.

The functions do what the rules of a run do, with the same configuration, and give the same rows, as pandas. For what they
cannot use they raise InputError, with one line. `docs/notebook.ipynb` shows each with a picture.
"""

import difflib
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from pkgutil import resolve_name

import numpy as np
import pandas as pd
import pyarrow as pa
import torch
from torch import nn

from scalestream.ablation.ablated_network import AblatedNetwork
from scalestream.ablation.evaluation import Condition, Evaluation
from scalestream.ablation.tables import ABLATION
from scalestream.activations.center import center_activations
from scalestream.activations.summary import Summary
from scalestream.config import files
from scalestream.config.checking import completed
from scalestream.config.dependencies import optimization
from scalestream.config.settings import settings
from scalestream.criteria import evaluation
from scalestream.criteria.measurement import measure
from scalestream.criteria.tables import CRITERIA
from scalestream.errors import InputError
from scalestream.images.encoding import decode_png
from scalestream.images.listing import require_classes
from scalestream.images.loading import ImageFiles
from scalestream.images.preprocessing import Normalization, scale_transform
from scalestream.images.sources import DRAWN, LabelledFile, find
from scalestream.networks.architectures import SHIPPED, published
from scalestream.networks.device import device
from scalestream.networks.graph import cut_after
from scalestream.networks.interface import Block, Description, planted_seed, random_seed
from scalestream.networks.weights import classes, fetch_weights, planted_network, with_weights
from scalestream.places import PROJECT
from scalestream.run.results import read_table
from scalestream.visualization.tables import VISUALIZATIONS
from scalestream.visualization.visualize import Optimization, as_row
from scalestream.visualization.visualize import visualize as climb

__all__ = ["ablate", "evaluate_criteria", "load_network", "read_table", "visualize"]
TOGETHER = 64  # images whose activations are computed at a time


@dataclass(frozen=True)
class Network:
    """A network with its weights, frozen, in eval mode; what is known of it; and a configuration, complete as a run has it."""

    module: nn.Module
    description: Description
    config: dict

    @property
    def blocks(self) -> dict[str, Block]:
        """The residual blocks by name, in network order, each with the layers that are its In, Pre and Post."""
        return {block.name: block for block in self.description.blocks}

    def block(self, name: str) -> Block:
        """A block, or a pair of blocks; raises InputError naming those there are."""
        (block,) = self.description.select([name], "block")
        return block

    @cached_property
    def normalization(self) -> Normalization:
        """Mean and standard deviation that images are normalised with."""
        return Normalization.from_settings(settings(self.config, "images.mean", "images.std"))


def load_network(architecture: str = "small", weights: str | None = None, **sections: dict) -> Network:
    """A network by its name, as `model.architecture` has it.

    weights: a published name, a file or `planted:SEED`, as `model.weights`; None for the first that are shipped or published.
    sections: of the configuration, laid over config.yaml for the embedded network and over config/network.yaml for others, as
    `visualization={"steps": 128}`. Raises InputError for what there is not, and for weights that do not fit or that only a run
    can make (random, trained).
    """
    below = files.read([] if architecture == "small" else [PROJECT / "config" / "network.yaml"])
    model = {"model": {"architecture": architecture} | ({"weights": weights} if weights else {}), "blocks": "all"}
    config, description = completed(files.overlaid(files.overlaid(below, model), sections))
    if weights is None:
        named = [*SHIPPED.get(architecture, ()), *published(description)]
        if not named:
            raise InputError(f"weights: none are published for {architecture}; give a file")
        return load_network(architecture, named[0], **sections)
    if random_seed(weights) is not None:
        raise InputError(f"weights: {weights} take their statistics from images; make them by a run, and give its file")
    if (seed := planted_seed(weights)) is not None:
        return Network(planted_network(architecture, seed, config["model"]["planted"]), description, config)
    return Network(with_weights(description, fetch_weights(architecture, weights), weights), description, config)


def visualize(network: Network, layer: str, channels: list[int] | None = None) -> pd.DataFrame:
    """Center-neuron visualizations of a layer, one row a channel, as `results/visualizations/<layer>.parquet` has them.

    channels: all of the layer by default. `png` is the image as the bytes of a file, S x S pixels of 8-bit RGB, `activation`
    what the channel answers to it, `trace` the objective by step. Raises InputError for a layer or channel that there is not.
    """
    counts = {name: each.channels for name, each in network.description.layers.items()}
    if layer not in counts:
        close = difflib.get_close_matches(layer, counts, n=3) or counts
        raise InputError(f"layer: {network.description.architecture} has no layer {layer!r}; did you mean {', '.join(close)}?")
    channels = list(range(counts[layer])) if channels is None else channels
    _require(channels, counts[layer], layer)
    chosen = Optimization.from_settings(
        optimization(network.config, [layer], network.config["visualization"]["seeds"][0]), layer
    )
    finished = climb(network.module, layer, channels, "neuron", chosen)
    return _frame((as_row(each, layer, "neuron", chosen) for each in finished), VISUALIZATIONS)


def evaluate_criteria(network: Network, block: str, x_in: pd.DataFrame, x_pre: pd.DataFrame) -> pd.DataFrame:
    """Eq. 1 and Eq. 2 for every channel of a block, one row a channel, as `results/criteria.parquet` has them.

    x_in, x_pre: visualizations of all channels of the block's In and Pre, as `visualize` gives them. Raises InputError where
    some are missing or of another layer.
    """
    judged, config = network.block(block), network.config["criteria"]
    images = [_images(table, layer, judged) for table, layer in ((x_in, judged.input), (x_pre, judged.pre))]
    bypass = network.description.bypass(judged)
    magnified = config["magnification"], config["center"]
    responses = measure(network.module, judged, bypass, *images, *magnified, network.normalization)
    rows = evaluation.evaluate(block, responses, config["tolerance"], judged.padded)
    of_image = x_in.sort_values("channel")[["dead_gradient", "seed"]].itertuples(index=False)
    return _frame((row | {"in_dead_gradient": dead, "seed": seed} for row, (dead, seed) in zip(rows, of_image)), CRITERIA)


def ablate(network: Network, block: str, channels: Mapping[str, list[int]]) -> pd.DataFrame:
    """Top-1 accuracy at each scale with sets of a block's channels ablated, and of the intact network, as in the paper.

    channels: those of a set by its name. Each is overwritten with its mean center activation over the images, which are those
    of the configuration (`images`): drawn ones for the embedded network. One row a set and scale: condition, scale_percent (0
    is no scale), n_correct, n_images, accuracy. Raises InputError for channels that there are not, and as a run for its images.
    """
    judged, config = network.block(block), network.config
    for name, of_set in channels.items():
        _require(of_set, judged.channels, f"{name}: block {block}")
    with _image_files(config["images"]) as listed:
        labels = [file.class_index for file in listed]
        require_classes(labels, classes(network.description, network.module.state_dict()))
        given = config["images"]
        images = ImageFiles([str(file.path) for file in listed], given["resize"], given["interpolation"])
        measured = Evaluation(
            AblatedNetwork(network.module, judged, torch.tensor(_means(network, judged, images))),
            [],
            images,
            labels,
            given["crop"],
            config["ablation"]["crop_convention"],
            given["batch_size"],
            workers=1,
            normalization=network.normalization,
        )
        conditions = [Condition("intact", None, []), *(Condition(name, None, of_set) for name, of_set in channels.items())]
        rows = measured.rows(conditions, [0, *sorted(config["ablation"]["scale_percents"])])
    return _frame(rows, ABLATION).drop(columns=["trial", "correct"])


def _frame(rows: Iterable[dict], schema: pa.Schema) -> pd.DataFrame:
    return pa.Table.from_pylist(list(rows), schema=schema).to_pandas()


def _require(channels: list[int], count: int, where: str) -> None:
    for channel in channels:
        if not 0 <= channel < count:
            raise InputError(f"{where} has no channel {channel}; its channels are 0 to {count - 1}")


def _images(table: pd.DataFrame, layer: str, block: Block) -> list[np.ndarray]:
    """A layer's visualizations (S, S, 3) in the order of the channels."""
    ordered = table.sort_values("channel")
    if set(table["layer"]) != {layer} or ordered["channel"].tolist() != list(range(block.channels)):
        raise InputError(f"block {block.name} needs visualizations of all {block.channels} channels of {layer}")
    return [decode_png(png) for png in ordered["png"]]


@contextmanager
def _image_files(config: dict) -> Iterator[list[LabelledFile]]:
    """The image files of a configuration; drawn ones are there for as long as they are needed."""
    if config["source"] not in DRAWN:
        if config["root"] is None:
            raise InputError('images: no folder is named; give images={"source": ..., "root": FOLDER} to load_network')
        yield find(config["source"], config["root"])
        return
    write_images, drawn = resolve_name(DRAWN[config["source"]]), config["demo"]
    with tempfile.TemporaryDirectory() as folder:
        write_images(Path(folder), drawn["per_class"], config["resize"], drawn["seed"])
        yield find("class_folders", folder)


def _means(network: Network, block: Block, images: ImageFiles) -> np.ndarray:
    """(C,): means of the center activations that an ablation overwrites a block's maps with."""
    part = cut_after(network.module, block.stream).to(device())
    summary = Summary(block.channels)
    for first in range(0, len(images), TOGETHER):
        names = images.paths[first : first + TOGETHER]
        seen = [
            np.array(scale_transform(images[number], 0, network.config["images"]["crop"]))
            for number in range(first, first + len(names))
        ]
        summary.add(names, center_activations(part, seen, normalization=network.normalization).numpy())
    return summary.means
