"""Figures 1, 3 and 4: what excites a channel at In, Pre and Post, as a 3 x 3 grid for each channel."""

import io
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

from scalestream.figures import COLUMNS, by_block

ROWS = {"center_neuron": "center neuron", "whole_channel": "whole channel", "top_images": "top images"}
CELL, GAP = 0.66, 0.04               # inches: an image's side, and between images of a grid
GRID = 3 * CELL + 2 * GAP
LEFT, BETWEEN, ABOVE = 0.25, 0.3, 0.42  # inches: for the rows' names, between grids, and above a grid for its name
ACROSS, DOWN = 3, 4                  # grids of a page
SHOWN = 6                            # channels of a block in Figure 1, as in the paper


def figure1_channels(criteria: Iterable[dict], channels: dict[str, list[int]], blocks: list[str]) -> dict[str, list[int]]:
    """The channels of Figure 1 by block: those named, or the six passing ones with the highest response gain.

    criteria: rows of the table of criteria. channels: those named, by block. blocks: all that Figure 1 shows.
    """
    rows = by_block(row for row in criteria if row["passes"])
    highest = {block: sorted(rows.get(block, []), key=itemgetter("gain"), reverse=True)[:SHOWN] for block in blocks}
    return {block: channels.get(block, sorted(row["channel"] for row in highest[block])) for block in blocks}


def figure1(grids: Iterable[dict]) -> Figure:
    """Figure 1: chosen channels of several blocks on one sheet, every block from a new line on.

    grids: rows of the table of grids, those of Figure 1 alone.
    """
    return _page([line for rows in by_block(grids).values() for line in _lines(_channels(rows))])


def pages(grids: Iterable[dict]) -> Iterator[Figure]:
    """Figures 3 and 4: passing channels, page by page; a page that says so where there is none.

    grids: rows of the table of grids.
    """
    lines = _lines(_channels(grids))
    for first in range(0, max(len(lines), 1), DOWN):
        yield _page(lines[first:first + DOWN])


def _channels(rows: Iterable[dict]) -> list[list[dict]]:
    """Rows of the table of grids, those of a channel together."""
    return [list(found) for _, found in groupby(rows, key=lambda row: (row["block"], row["channel"]))]


def _lines(channels: list) -> list[list]:
    return [channels[first:first + ACROSS] for first in range(0, len(channels), ACROSS)]


def _page(lines: list[list[list[dict]]]) -> Figure:
    """A page of grids, in lines; each grid is a channel's rows."""
    across = max(map(len, lines), default=1)
    width = LEFT + across * GRID + (across - 1) * BETWEEN + 0.1
    height = max(len(lines), 1) * (ABOVE + GRID) + 0.1
    figure = plt.figure(figsize=(width, height))
    if not lines:
        figure.text(0.5, 0.5, "no channel passes", ha="center", va="center")
    for down, line in enumerate(lines):
        for place, columns in enumerate(line):
            _grid(figure, columns, LEFT + place * (GRID + BETWEEN), height - ABOVE - down * (ABOVE + GRID), named=place == 0)
    return figure


def _grid(figure: Figure, columns: list[dict], left: float, top: float, named: bool) -> None:
    """A channel's grid with its upper left corner at a place in inches; `named`: with the names of the rows."""
    width, height = figure.get_size_inches()
    first = columns[0]
    verdict = "" if first["passes"] else " (does not pass)"
    figure.text(left / width, (top + 0.2) / height, f"{first['block']}: channel {first['channel']}{verdict}", weight="bold")
    for across, row in enumerate(columns):
        for down, (name, label) in enumerate(ROWS.items()):
            x, y = left + across * (CELL + GAP), top - CELL - down * (CELL + GAP)
            panel = figure.add_axes((x / width, y / height, CELL / width, CELL / height))
            _cell(panel, row, name)
            if down == 0:
                panel.set_title(row["column"], color=COLUMNS[row["column"]], pad=2, fontsize=7)
            if named and across == 0:
                panel.set_ylabel(label, fontsize=6, labelpad=3)


def _cell(panel, row: dict, name: str) -> None:
    panel.set(xticks=[], yticks=[])
    panel.spines[:].set_visible(False)
    if row[name] is None:
        panel.text(0.5, 0.5, "only for channels\nthat pass", transform=panel.transAxes, ha="center", va="center", fontsize=5)
        return
    panel.imshow(Image.open(io.BytesIO(row[name])).convert("RGB"))
    if name == "center_neuron" and row["stuck"]:
        panel.text(0.5, 0.04, "never active:\nstill noise", transform=panel.transAxes, ha="center", fontsize=5,
                   bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})
