"""What the rest of the library knows of a network, whatever its family: its blocks, its weights, and its modules in order."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # reading the Snakefile must not wait for torch
    import torch
    from torch import nn


@dataclass(frozen=True)
class Block:
    """A residual block and its three analysed layers, by module name.

    `input` is what bypasses the block (the paper's In), `pre` the last batch norm before the sum, `post` ReLU(In + Pre).
    """

    name: str
    input: str
    pre: str
    post: str
    channels: int

    @property
    def layers(self) -> dict[str, str]:
        """The layers by the paper's names, in the order of its figures."""
        return {"In": self.input, "Pre": self.pre, "Post": self.post}


class Architecture(Protocol):
    """A network of some family. Each family has a file of its own, which imports torch only where it builds or loads.

    published_weights: names of weights that are fetched, trained on ImageNet. shipped_weights: files that the project ships,
    by name.
    """

    name: str
    published_weights: tuple[str, ...]
    shipped_weights: Mapping[str, Path]

    def blocks(self) -> dict[str, Block]:
        """All blocks that can be analysed by name ("2.1"), in network order."""

    def build(self, num_classes: int) -> "nn.Module":
        """The network with freshly initialised weights."""

    def classes(self, state: "dict[str, torch.Tensor]") -> int:
        """The number of classes that a state dict was trained for."""

    def fetch(self, weights: str) -> "dict[str, torch.Tensor]":
        """The state dict of published weights; raises OSError where they cannot be fetched."""

    def published_digest(self, weights: str) -> str:
        """The hexadecimal digits that the sha256 of the published file begins with."""

    def sequence(self, network: "nn.Module") -> "list[tuple[str, nn.Module]]":
        """Modules by name that make the network when they are applied one after the other; each block's Post is the output
        of one of them."""
