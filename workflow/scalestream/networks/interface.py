"""What the rest of the library knows of a network, whatever its family: its blocks and layers, its weights, its input."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Protocol

from scalestream.errors import InputError

if TYPE_CHECKING:  # reading the Snakefile must not wait for torch
    import torch
    from torch import nn

RANDOM = "random:"  # SEED, of weights
PLANTED = "planted:"  # SEED, of weights of the planted network
TRAINED = "trained"  # of weights that the run trains itself
STREAM = "stream"  # the last part of the name of a buffer: the number that a block multiplies In by
RECTIFIED = ".rectified"  # of the name of a layer that is ReLU of a sum which the network itself does not rectify
USUAL = {"padded": 0, "stream": "fixed"}  # fields that descriptions leave out


@dataclass(frozen=True)
class Block:
    """A residual block and its three analysed layers, by name.

    input: what bypasses the block (the paper's In). pre: the last layer before the sum. post: the sum after its ReLU, or after
    the activation that the network has in its place. stage: by the side of the maps, counted from 1. time_step: whether it is a
    step in time of a recurrent area, whose steps share weights. padded: how many of In's channels, the last ones, are padding:
    always zero, and no feature.
    A pair of blocks is a block too: with In of the earlier one, Pre and Post of the later one.
    """

    name: str
    input: str
    pre: str
    post: str
    channels: int
    stage: int = 1
    time_step: bool = False
    padded: int = 0

    @property
    def layers(self) -> dict[str, str]:
        """The layers by the paper's names, in the order of its figures."""
        return {"In": self.input, "Pre": self.pre, "Post": self.post}

    @property
    def is_linear(self) -> bool:
        """Whether the network goes on with the sum itself, a linear stream; Post is its ReLU then."""
        return self.post.endswith(RECTIFIED)

    @property
    def stream(self) -> str:
        """The layer that the network goes on with, and that an ablation overwrites."""
        return self.post.removesuffix(RECTIFIED)


@dataclass(frozen=True)
class Layer:
    """channels: of its map. receptive_field: side in pixels of what a neuron sees of an image without borders; None where it
    sees all of it, or where that cannot be derived."""

    channels: int
    receptive_field: int | None


@dataclass(frozen=True)
class Preprocessing:
    """What weights expect of an image: its shorter side resized, and the center crop, in pixels; the interpolation
    (bilinear, bicubic); mean and standard deviation of each colour, in 0..1."""

    resize: int = 256
    crop: int = 224
    interpolation: str = "bilinear"
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Description:
    """What is known of a network without building it.

    blocks: all that can be analysed, in network order. layers: theirs, or of a network without any those whose channels can be
    paired (layer_pairs), in network order. left_out: sums that are no such blocks, with the reason.
    weights: names that weights are published or shipped under, with what they expect. classifier: the module that makes the
    logits. source: a digest of the file that the network comes from, if it is the user's. versions: of the packages that it was
    made with. stream: whether In is added as it is ("fixed"), times model.stream ("graded"), or not at all ("none"): then In
    and Pre share no channels, and what passes is what passes by chance.
    """

    architecture: str
    blocks: tuple[Block, ...]
    layers: Mapping[str, Layer]
    left_out: Mapping[str, str]
    weights: Mapping[str, Preprocessing]
    classifier: str
    source: str | None
    versions: Mapping[str, str]
    stream: str = "fixed"

    @classmethod
    def from_json(cls, text: str) -> "Description":
        """Raises KeyError, TypeError or ValueError for other text."""
        return cls.from_fields(json.loads(text))

    @classmethod
    def from_fields(cls, fields: dict) -> "Description":
        """As `from_json`, of what was read already."""
        weights = {
            name: Preprocessing(**{key: tuple(value) if isinstance(value, list) else value for key, value in expected.items()})
            for name, expected in fields["weights"].items()
        }
        blocks = tuple(Block(**block) for block in fields["blocks"])
        layers = {name: Layer(**layer) for name, layer in fields["layers"].items()}
        return cls(**fields | {"blocks": blocks, "layers": layers, "weights": weights})

    def to_json(self) -> str:
        """As text, one line a block and a layer."""
        fields = _unusual(asdict(self))
        fields["blocks"] = tuple(map(_unusual, fields["blocks"]))
        lines = []
        for name, value in fields.items():
            if value and isinstance(value, tuple):
                inner = ",\n".join(f"    {json.dumps(item)}" for item in value)
                lines.append(f"  {json.dumps(name)}: [\n{inner}\n  ]")
            elif value and isinstance(value, dict):
                inner = ",\n".join(f"    {json.dumps(key)}: {json.dumps(item)}" for key, item in value.items())
                lines.append(f"  {json.dumps(name)}: {{\n{inner}\n  }}")
            else:
                lines.append(f"  {json.dumps(name)}: {json.dumps(value)}")
        return "{\n" + ",\n".join(lines) + "\n}\n"

    @property
    def digest(self) -> str:
        """Of all that is known."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    @property
    def has_stream(self) -> bool:
        """Whether blocks add In to Pre."""
        return self.stream != "none"

    @property
    def is_graded(self) -> bool:
        """Whether blocks add In times a number, `model.stream`."""
        return self.stream == "graded"

    @cached_property
    def by_name(self) -> dict[str, Block]:
        """All blocks, and all pairs of blocks that can be analysed."""
        pairs = (pair(*both) for both in combinations(self.blocks, 2) if can_pair(*both))
        return {block.name: block for block in (*self.blocks, *pairs)}

    def bypass(self, block: Block) -> str:
        """The layer that a block's Pre is added to: In, but of a pair, the later block's."""
        return next(each.input for each in self.blocks if each.post == block.post)

    def preprocessing(self, weights: str) -> Preprocessing:
        """What weights expect: those of that name, or others that were trained as the first named ones."""
        return self.weights.get(weights) or next(iter(self.weights.values()), Preprocessing())

    def select(self, names: list[str], key: str) -> list[Block]:
        """The named blocks, or pairs, in network order.

        Raises InputError naming the configuration `key` and the blocks there are.
        """
        for name in names:
            if name not in self.by_name:
                known = ", ".join(block.name for block in self.blocks) or "none"
                raise InputError(f"{key}: {self.architecture} has no block {name!r}; it has {known}")
        return [block for name, block in self.by_name.items() if name in names]

    def channels(self, blocks: list[Block]) -> dict[str, int]:
        """Distinct layers of the blocks with their channel counts, in network order."""
        return {layer: block.channels for block in blocks for layer in block.layers.values()}


def is_stream(name: str) -> bool:
    """Whether a network's buffer of that name is the number that a block multiplies In by."""
    return name.rpartition(".")[2] == STREAM


def _unusual(fields: dict) -> dict:
    """Fields of a description or a block without those that are as in most networks."""
    return {name: value for name, value in fields.items() if USUAL.get(name, ...) != value}


def random_seed(weights: str) -> int | None:
    """The seed of random weights (`random:SEED`); None for other weights."""
    return _seed(weights, RANDOM)


def planted_seed(weights: str) -> int | None:
    """The seed of planted weights (`planted:SEED`); None for other weights."""
    return _seed(weights, PLANTED)


def _seed(weights: str, kind: str) -> int | None:
    seed = weights.removeprefix(kind)
    return int(seed) if weights.startswith(kind) and seed.isdecimal() else None


def can_pair(first: Block, second: Block) -> bool:
    """Whether two blocks, in network order, share the basis of their channels: they are of one stage, and of one area where
    they are steps in time."""
    same_area = first.name.rpartition(".")[0] == second.name.rpartition(".")[0] or not first.time_step
    alike = (first.stage, first.channels, first.time_step) == (second.stage, second.channels, second.time_step)
    return alike and same_area


def pair(first: Block, second: Block) -> Block:
    """A pair of blocks as a block: In of the first, Pre and Post of the second.

    Of two time steps it is Pre of the first in place of In: the branch that makes both has the same weights, so that a channel
    can be the same feature at two scales.
    """
    source = first.pre if first.time_step else first.input
    return replace(second, name=f"{first.name}-{second.name}", input=source, padded=first.padded)


class Architecture(Protocol):
    """A network by name, of some family, which has a file of its own.

    That of a network without a stream has `streamless_blocks() -> list[tuple[str, str, str]]` too, for In, Pre and Post of its
    blocks, as no sum tells them.
    """

    name: str

    def build(self, num_classes: int | None = None) -> "nn.Module":
        """The network with freshly initialised weights and the given number of classes, or its own.

        Raises InputError where it cannot be built.
        """

    def weights(self) -> dict[str, Preprocessing]:
        """The names of weights that are published or shipped, with what they expect."""

    def fetch(self, weights: str) -> "dict[str, torch.Tensor]":
        """The state dict of published or shipped weights, or a checkpoint that has it; raises OSError where they cannot be
        fetched."""

    def published_digest(self, weights: str) -> str | None:
        """The hexadecimal digits that the sha256 of the published file begins with, where they are known."""
