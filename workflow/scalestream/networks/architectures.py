"""The networks that can be studied, and what is asked of their blocks without building them (paper, section 2.1)."""

from scalestream.errors import InputError
from scalestream.networks import basic_resnet
from scalestream.networks.interface import Architecture, Block

ARCHITECTURES: dict[str, Architecture] = {architecture.name: architecture for architecture in basic_resnet.ARCHITECTURES}


def blocks(architecture: str) -> dict[str, Block]:
    """All blocks of an architecture by name ("2.1"), in network order."""
    return ARCHITECTURES[architecture].blocks()


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
