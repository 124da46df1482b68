"""Accuracy against scale, of the intact network and of both kinds of ablation."""

from collections.abc import Iterable

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from scalestream.figures.style import by_block, panels

LINES = {  # label, colour, line width and opacity by condition
    "random": ("random channels ablated, each trial", "#999999", 0.6, 0.6),
    "intact": ("intact", "#000000", 1.4, 1),
    "scale": ("selected channels ablated", "#d55e00", 1.4, 1),
}


def accuracy(ablation: Iterable[dict], obstacles: dict[str, str | None]) -> Figure:
    """By block, top-1 accuracy against scale: intact, scale-ablated, and every random-ablated trial as a thin line.

    ablation: rows of the table of ablation accuracies. obstacles: by block, why it has no trial, if it has none.
    """
    blocks = by_block(ablation, obstacles)
    figure, axes = panels(len(blocks), 3, width=3.2, height=2.8)
    for panel, (block, rows) in zip(axes, blocks.items()):
        for condition, (label, color, width, opacity) in LINES.items():
            for trial, line in enumerate(_lines(rows, condition)):
                panel.plot(
                    *zip(*line),
                    color=color,
                    linewidth=width,
                    alpha=opacity,
                    label=None if trial else label,
                    marker="" if condition == "random" else ".",
                )
        panel.set_title("\n".join(filter(None, [f"block {block}", obstacles[block]])))
        panel.set_xlabel("scale transformation")
        panel.xaxis.set_major_formatter(PercentFormatter(decimals=0))
        panel.yaxis.set_major_formatter(PercentFormatter(1))
    axes[0].set_ylabel("top-1 accuracy")
    handles = {label: handle for panel in axes for handle, label in zip(*panel.get_legend_handles_labels())}
    figure.legend(handles.values(), handles, loc="outside upper left", ncols=1 if len(blocks) == 1 else 3)
    return figure


def _lines(rows: list[dict], condition: str) -> list[list[tuple[int, float]]]:
    """Points (scale, accuracy) of a condition, for each of its trials."""
    trials: dict[int | None, list] = {}
    for row in rows:
        if row["condition"] == condition:
            trials.setdefault(row["trial"], []).append((row["scale_percent"], row["accuracy"]))
    return [sorted(points) for points in trials.values()]
