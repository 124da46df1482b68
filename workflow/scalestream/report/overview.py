"""What a run of a configuration would look at, and how long its visualizations would take: to read before a run of days."""

import os
from collections.abc import Iterator

import torch

from scalestream.config import dependencies
from scalestream.config.settings import jitter
from scalestream.networks.interface import Block, Description
from scalestream.visualization.duration import seconds_by_layer
from scalestream.visualization.visualize import Optimization

COLUMNS = ("block", "In", "Pre", "Post", "channels", "field In", "field Pre", "growth", "jitter In", "jitter Pre")
LAYER_COLUMNS = ("layer", "channels", "field", "jitter")  # of a network without blocks


def overview(config: dict, network: Description, analysed: list[Block]) -> Iterator[str]:
    """Lines: every block of the network, the visualizations of the analysed ones, and the time to expect for them."""
    if network.blocks:
        pairs = [block for block in analysed if block not in network.blocks]
        yield from _table([COLUMNS, *(_row(block, config, network) for block in [*network.blocks, *pairs])])
    else:
        yield from _table([LAYER_COLUMNS, *(_layer_row(name, config, network) for name in network.layers)])
    yield from (f"not a block: {name}: {reason}" for name, reason in network.left_out.items())
    linear = [block.name for block in network.blocks if block.is_linear]
    if linear:
        yield f"linear stream: {', '.join(linear)}: the network does not rectify the sum; Post is ReLU of it"
    if not network.has_stream:
        yield "no stream: the network adds no In to Pre; how many channels pass is what passes by chance"
    padded = [f"the last {block.padded} of {block.name}" for block in network.blocks if block.padded]
    if padded:
        yield f"channels with zeros for In, of which neither equation is asked: {', '.join(padded)}"
    counts = visualizations(config, analysed)
    counts |= {layer: network.layers[layer].channels for layer, _ in config["layer_pairs"] if layer not in counts}
    yield ""
    if not counts:
        yield "nothing is visualized: blocks and layer_pairs name nothing"
        return
    layers = {name: layer for name, layer in network.layers.items() if name in counts}
    yield f"analysed: {', '.join([*(block.name for block in analysed), *('-'.join(both) for both in config['layer_pairs'])])}"
    yield f"{sum(counts.values()):,} visualizations of {config['visualization']['steps']:,} steps"
    torch.set_num_threads(1)
    settings = {
        layer: Optimization.from_settings(
            dependencies.optimization(config, [layer], config["visualization"]["seeds"][0]), layer
        )
        for layer in layers
    }
    seconds = seconds_by_layer(network.architecture, layers, settings)
    hours = sum(count * seconds[layer] for layer, count in counts.items()) / 3600
    cores = os.cpu_count()
    device = "the GPU" if torch.cuda.is_available() else f"one core, {hours / cores:,.3g} on the {cores} of this machine"
    yield f"about {hours:,.3g} hours on {device}, judged by a few steps at a few layers"


def visualizations(config: dict, analysed: list[Block]) -> dict[str, int]:
    """How many visualizations of each layer there are for all its channels: with every seed at In and Pre, with the first one
    where only pictures need them."""
    pictured, seeds = dependencies.pictured_posts(analysed), len(config["visualization"]["seeds"])
    counts = {}
    for block in analysed:
        for layer in block.layers.values():
            if layer not in pictured:
                counts[layer] = block.channels * seeds
            elif config["visualization"]["post"] == "all":
                counts[layer] = block.channels
    return counts


def _row(block: Block, config: dict, network: Description) -> tuple[str, ...]:
    fields = [network.layers[layer].receptive_field for layer in (block.input, block.pre)]
    growth = f"{fields[1] / fields[0]:.2f}" if all(fields) else "-"
    jitters = (jitter(config, layer) for layer in (block.input, block.pre))
    shown = (field or "whole" for field in fields)
    return tuple(map(str, (block.name, *block.layers.values(), block.channels, *shown, growth, *jitters)))


def _layer_row(name: str, config: dict, network: Description) -> tuple[str, ...]:
    layer = network.layers[name]
    return tuple(map(str, (name, layer.channels, layer.receptive_field or "whole", jitter(config, name))))


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
