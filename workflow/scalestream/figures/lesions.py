"""Accuracy against scale with and without In in a block's sum."""

from collections.abc import Iterable

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from scalestream.figures.style import by_block, panels

LINES = {  # label and colour by what takes In's place
    "intact": ("intact", "#000000"),
    "mean": ("In at its mean", "#0072b2"),
    "zero": ("In at zero", "#d55e00"),
}


def lesions(table: Iterable[dict]) -> Figure:
    """By block, top-1 accuracy against scale: of the intact network, and with the mean or zero in In's place.

    table: rows of the table of lesions.
    """
    blocks = by_block(table)
    figure, axes = panels(len(blocks), 3, width=3.2, height=2.8)
    for panel, (block, rows) in zip(axes, blocks.items()):
        for replacement, (label, color) in LINES.items():
            points = sorted((row["scale_percent"], row["accuracy"]) for row in rows if row["replacement"] == replacement)
            if points:
                panel.plot(*zip(*points), color=color, marker=".", label=label)
        panel.set_title(f"block {block}")
        panel.set_xlabel("scale transformation")
        panel.xaxis.set_major_formatter(PercentFormatter(decimals=0))
        panel.yaxis.set_major_formatter(PercentFormatter(1))
        panel.set_ylim(bottom=0)
    axes[0].set_ylabel("top-1 accuracy")
    handles = {label: handle for panel in axes for handle, label in zip(*panel.get_legend_handles_labels())}
    figure.legend(handles.values(), handles, loc="outside upper left", ncols=3)
    return figure
