"""How many seeds of feature visualization each channel passes with."""

from collections.abc import Iterable

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from scalestream.figures.style import by_block, name_axes, panels

POINT, INTERVAL = "#009e73", "#999999"


def stability(table: Iterable[dict]) -> Figure:
    """By block, the share of seeds that a channel passes with, and its Wilson interval; channels that never pass are counted.

    table: rows of the table of stability.
    """
    blocks = by_block(table)
    figure, axes = panels(len(blocks), 4, width=2.2, height=2.2)
    for panel, (block, rows) in zip(axes, blocks.items()):
        ever_passing = sorted((row for row in rows if row["n_passing"]), key=lambda row: (-row["share"], row["channel"]))
        ranks = range(1, len(ever_passing) + 1)
        panel.vlines(
            ranks, [row["lower"] for row in ever_passing], [row["upper"] for row in ever_passing], color=INTERVAL, linewidth=0.8
        )
        panel.plot(
            ranks, [row["share"] for row in ever_passing], ".", color=POINT, markersize=5 if len(ever_passing) < 30 else 3
        )
        every = sum(row["n_passing"] == row["n_seeds"] for row in rows)
        some, none = len(ever_passing) - every, len(rows) - len(ever_passing)
        panel.set_title(f"block {block}, of {len(rows)} channels\nevery seed {every}, some {some}, none {none}")
        panel.set_ylim(-0.03, 1.03)
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        if not ever_passing:
            panel.set_xticks([])
    name_axes(figure, "channels that pass with some seed, the most stable first", "share of seeds, 95 % interval")
    return figure
