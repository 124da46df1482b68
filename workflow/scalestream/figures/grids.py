"""Figures 1, 3 and 4: what excites a channel at In, Pre and Post, as a 3 x 3 grid for each channel."""

import io
import textwrap
from collections.abc import Iterable, Iterator
from itertools import groupby

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

from scalestream.figures.style import COLUMNS, by_block

ROWS = {"center_neuron": "center neuron", "whole_channel": "whole channel", "top_images": "top images"}
CELL, GAP = 0.66, 0.04  # inches: an image's side, and between images of a grid
GRID = 3 * CELL + 2 * GAP
LEFT, BETWEEN, ABOVE = 0.25, 0.3, 0.42  # inches: for the rows' names, between grids, and above a grid for its name
ACROSS, DOWN = 3, 4  # grids of a page
NOTE, CHARACTERS = 0.16, 14  # inches: a line of the note below the grids; and characters to an inch of it


def figure1(grids: Iterable[dict], blocks: list[str]) -> Figure:
    """Figure 1: chosen channels of some blocks on one sheet, every block from a new line on; below, the blocks that have none.

    grids: rows of the table of grids.
    """
    shown = by_block(row for row in grids if row["in_figure1"])
    return _page([line for rows in shown.values() for line in _lines(_channels(rows))], _missing(blocks, shown))


def pages(grids: Iterable[dict], blocks: list[str]) -> Iterator[Figure]:
    """Figures 3 and 4: passing channels of some blocks, page by page; below the last, the blocks that have none.

    grids: rows of the table of grids.
    """
    passing = [row for row in grids if row["passes"] and row["block"] in blocks]
    lines, note = _lines(_channels(passing)), _missing(blocks, by_block(passing))
    for first in range(0, max(len(lines), 1), DOWN):
        yield _page(lines[first : first + DOWN], note if first + DOWN >= len(lines) else "")


def _missing(blocks: list[str], shown: Iterable[str]) -> str:
    """What there is to say of the blocks that are not shown."""
    missing = [block for block in blocks if block not in shown]
    if not blocks:
        return "no block of these stages is analysed"
    return f"no channel passes in {', '.join(missing)}" if missing else ""


def _channels(rows: Iterable[dict]) -> list[list[dict]]:
    """Rows of the table of grids, those of a channel together."""
    return [list(grid) for _, grid in groupby(rows, key=lambda row: (row["block"], row["channel"]))]


def _lines(channels: list) -> list[list]:
    return [channels[first : first + ACROSS] for first in range(0, len(channels), ACROSS)]


def _page(lines: list[list[list[dict]]], note: str) -> Figure:
    """A page of grids, in lines, with a note below; each grid is a channel's rows."""
    across = max(map(len, lines), default=1)
    width = LEFT + across * GRID + (across - 1) * BETWEEN + 0.1
    said = textwrap.wrap(note, int(CHARACTERS * width))
    height = len(lines) * (ABOVE + GRID) + len(said) * NOTE + 0.1
    figure = plt.figure(figsize=(width, height))
    if note:
        figure.text(0.5, 0.05 / height, "\n".join(said), ha="center", va="bottom", fontsize=7)
    for down, line in enumerate(lines):
        for number, columns in enumerate(line):
            _grid(figure, columns, LEFT + number * (GRID + BETWEEN), height - ABOVE - down * (ABOVE + GRID), named=number == 0)
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
    if name == "center_neuron" and row["dead_gradient"]:
        panel.text(
            0.5,
            0.04,
            "never active",
            transform=panel.transAxes,
            ha="center",
            fontsize=5,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )
