"""Accuracy as more and more channels are ablated."""

from collections import defaultdict
from collections.abc import Iterable

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter

from scalestream.figures.style import by_block, panels


def dose_response(table: Iterable[dict]) -> Figure:
    """By block, accuracy against the number of ablated channels at every scale: those with the highest gain as solid lines,
    random ones dashed, the mean over the draws, with every draw as a thin line.

    table: rows of the table of doses.
    """
    blocks = by_block(table)
    percents = sorted({row["scale_percent"] for rows in blocks.values() for row in rows})
    colors = dict(zip(percents, plt.colormaps["viridis"](np.linspace(0, 0.85, len(percents)))))
    figure, axes = panels(len(blocks), 3, width=3.2, height=2.8)
    for panel, (block, rows) in zip(axes, blocks.items()):
        for percent, color in colors.items():
            _lines(panel, [row for row in rows if row["scale_percent"] == percent], color)
        panel.set_title(f"block {block}")
        panel.set_xlabel("ablated channels")
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        panel.yaxis.set_major_formatter(PercentFormatter(1))
    axes[0].set_ylabel("top-1 accuracy")
    handles = [
        Line2D([], [], color=color, label=f"{percent} %" if percent else "no scale") for percent, color in colors.items()
    ]
    handles += [
        Line2D([], [], color="black", linestyle=style, label=label)
        for style, label in (("-", "highest gain"), ("--", "random"))
    ]
    figure.legend(handles=handles, loc="outside upper left", ncols=4 * min(len(blocks), 2))
    return figure


def _lines(panel, rows: list[dict], color) -> None:
    """One scale: every line begins at the intact network."""
    lines = defaultdict(dict)
    (intact,) = (row["accuracy"] for row in rows if row["condition"] == "intact")
    for row in rows:
        if row["condition"] != "intact":
            lines[row["condition"], row["draw"]][row["n_ablated"]] = row["accuracy"]
    draws = [line for (condition, _), line in lines.items() if condition == "random"]
    doses = [0, *sorted(lines["gain", None])]
    for draw in draws:
        panel.plot(doses, [intact, *(draw[dose] for dose in doses[1:])], color=color, linewidth=0.4, alpha=0.4)
    panel.plot(doses, [intact, *(np.mean([draw[dose] for draw in draws]) for dose in doses[1:])], color=color, linestyle="--")
    panel.plot(doses, [intact, *(lines["gain", None][dose] for dose in doses[1:])], color=color, marker=".")
