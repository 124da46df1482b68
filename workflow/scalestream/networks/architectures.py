"""The networks that can be studied, and what is asked of their blocks without building them (paper, section 2.1)."""

from pkgutil import resolve_name

from scalestream.errors import InputError
from scalestream.networks.interface import Architecture, Block

# By name, so that a network that is added changes nothing of what the others' jobs reach.
ARCHITECTURES = {
    "resnet18": "scalestream.networks.basic_resnet:RESNET18",
    "small": "scalestream.networks.basic_resnet:SMALL",
}


def architecture(name: str) -> Architecture:
    """The named architecture."""
    return resolve_name(ARCHITECTURES[name])


def blocks(name: str) -> dict[str, Block]:
    """All blocks of an architecture by name ("2.1"), in network order."""
    return architecture(name).blocks()


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
