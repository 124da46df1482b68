"""Which channels Figures 1, 3 and 4 show, and all their pictures."""

from collections.abc import Iterable, Iterator
from operator import itemgetter

SHOWN = 6  # channels of a block in Figure 1, as in the paper


def figure1_channels(criteria: Iterable[dict], channels: dict[str, list[int]], blocks: list[str]) -> dict[str, list[int]]:
    """The channels of Figure 1 by block: those named, or the six passing ones with the highest response gain.

    criteria: rows of the table of criteria. channels: those named, by block. blocks: all that Figure 1 shows.
    """
    passing: dict[str, list[dict]] = {block: [] for block in blocks}
    for row in criteria:
        if row["passes"] and row["block"] in passing:
            passing[row["block"]].append(row)
    highest = {block: sorted(rows, key=itemgetter("gain"), reverse=True)[:SHOWN] for block, rows in passing.items()}
    return {block: channels.get(block, sorted(row["channel"] for row in highest[block])) for block in blocks}


def grid_rows(
    shown: Iterable[dict],
    figure1: dict[str, list[int]],
    layers: dict[str, dict[str, str]],
    pictures: dict[tuple[str, int], dict],
) -> Iterator[dict]:
    """Rows of the table of grids: three for each channel, for In, Pre and Post.

    shown: rows of the table of criteria. figure1: its channels by block. layers: by the paper's names, by block. pictures: by
    layer and channel: center_neuron, dead_gradient, top_images, and whole_channel of passing channels.
    """
    for row in shown:
        for column, layer in layers[row["block"]].items():
            of_layer = pictures[layer, row["channel"]]
            yield {
                "block": row["block"],
                "channel": row["channel"],
                "passes": row["passes"],
                "in_figure1": row["channel"] in figure1.get(row["block"], []),
                "column": column,
                "dead_gradient": of_layer["dead_gradient"],
                "center_neuron": of_layer["center_neuron"],
                "whole_channel": of_layer["whole_channel"] if row["passes"] else None,
                "top_images": of_layer["top_images"],
            }
