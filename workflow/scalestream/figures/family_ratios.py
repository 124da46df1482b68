"""Ratios of accuracies (Eq. 3) of a family's networks against magnification."""

from collections.abc import Iterable

from matplotlib.figure import Figure

from scalestream.comparison.grouping import grouped
from scalestream.figures.family import colors, title
from scalestream.figures.magnification import set_axis
from scalestream.figures.style import name_axes, panels, say


def family_ratios(table: Iterable[dict]) -> Figure:
    """By arm and recipe, the mean ratio of each network and block against magnification with standard errors, a colour a block,
    and the no-scale ratio as a thin line.

    table: rows of the family's table of ratios.
    """
    arms = grouped((row for row in table if row["mean_ratio"] is not None), "arm", "recipe")
    figure, axes = panels(max(1, len(arms)), 4, width=2.4, height=2.3)
    for panel, (names, rows) in zip(axes, arms.items()):
        color, labelled = colors(row["block"] for row in rows), set()
        for (_, block), line in grouped(rows, "network", "block").items():
            line.sort(key=lambda row: row["magnification"])
            no_scale = next((row["mean_ratio"] for row in line if row["magnification"] == 1), None)
            if no_scale is not None:
                panel.axhline(no_scale, color=color[block], linewidth=0.6, zorder=0)
            scaled = [row for row in line if row["magnification"] != 1]
            x, ratios, errors = ([row[name] for row in scaled] for name in ("magnification", "mean_ratio", "sem"))
            label = None if block in labelled else f"block {block}"
            panel.errorbar(
                x, ratios, [error or 0 for error in errors], color=color[block], marker="o", markersize=3, label=label
            )
            labelled.add(block)
        panel.margins(y=0.2)
        set_axis(panel, {row["magnification"] for row in rows})
        panel.tick_params(axis="x", labelrotation=90)
        panel.set_title(title(*names))
        panel.legend()
    if not arms:
        say(axes[0], "no network has a ratio")
    name_axes(figure, "magnification relative to no scale", "top-1 ratio (Eq. 3)")
    return figure
