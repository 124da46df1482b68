"""Names and sizes of the networks' blocks and analysed layers, without building a network (paper, section 2.1)."""

from dataclasses import dataclass

from scalestream.errors import InputError


@dataclass(frozen=True)
class Architecture:
    """A ResNet of basic blocks: blocks and channels of each of its four stages."""

    depths: tuple[int, int, int, int]
    widths: tuple[int, int, int, int]


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


ARCHITECTURES = {
    "resnet18": Architecture(depths=(2, 2, 2, 2), widths=(64, 128, 256, 512)),
    "small": Architecture(depths=(2, 2, 2, 2), widths=(16, 24, 32, 48)),
}


def blocks(architecture: str) -> dict[str, Block]:
    """All blocks by name ("2.1"), in network order.

    The first block is left out: the stem's max pooling, not a block, is its input.
    """
    found = {}
    shape = ARCHITECTURES[architecture]
    for stage, (depth, width) in enumerate(zip(shape.depths, shape.widths), start=1):
        for index in range(depth):
            post = f"layer{stage}.{index}"
            if index > 0:
                bypass = f"layer{stage}.{index - 1}"
            elif stage > 1:
                bypass = f"{post}.downsample.1"
            else:
                continue
            found[f"{stage}.{index}"] = Block(f"{stage}.{index}", bypass, f"{post}.bn2", post, width)
    return found


def select_blocks(architecture: str, names: list[str], key: str) -> list[Block]:
    """The named blocks in network order.

    Raises InputError naming the configuration `key` and the blocks there are.
    """
    known = blocks(architecture)
    for name in names:
        if name not in known:
            raise InputError(f"{key}: {architecture} has no block {name!r}; it has {', '.join(known)}")
    return [block for name, block in known.items() if name in names]


def layer_channels(selected: list[Block]) -> dict[str, int]:
    """Distinct analysed layers of the blocks with their channel counts, in network order."""
    return {layer: block.channels for block in selected for layer in block.layers.values()}


def all_layers(architecture: str) -> dict[str, int]:
    """Every layer that can be analysed with its channel count, in network order."""
    return layer_channels(list(blocks(architecture).values()))
