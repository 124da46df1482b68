"""The scales that In, Pre and Post prefer."""

from collections.abc import Iterable

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from scalestream.figures.style import COLUMNS, name_axes, panels

TITLES = {
    ("In", "visualization"): "visualizations at In",
    ("In", "image"): "top images of In",
    ("Pre", "visualization"): "visualizations at Pre",
    ("Pre", "image"): "top images of Pre",
}
MARKERS = {"In": "o", "Pre": "s", "Post": "D"}


def tuning(preference: Iterable[dict]) -> Figure:
    """For each kind of stimulus, by block, the median magnification that In, Pre and Post answer most (filled: passing
    channels; open: all), and for how many of all channels Pre's is larger than, equal to and smaller than In's.

    preference: rows of that table.
    """
    rows = list(preference)
    blocks = list(dict.fromkeys(row["block"] for row in rows))
    shown = [stimulus for stimulus in TITLES if any((row["source"], row["stimulus"]) == stimulus for row in rows)]
    peaks = [row[f"{column.lower()}_peak"] or 1 for row in rows for column in COLUMNS]
    figure, axes = panels(len(shown), 2, width=max(3.2, 0.75 * len(blocks)), height=2.4)
    for panel, stimulus in zip(axes, shown):
        of_block = {(row["block"], row["group"]): row for row in rows if (row["source"], row["stimulus"]) == stimulus}
        for offset, (column, color) in enumerate(COLUMNS.items()):
            for group, shift in (("all", -0.06), ("passing", 0.06)):
                points = [
                    (position + 0.24 * (offset - 1) + shift, of_block[block, group][f"{column.lower()}_peak"])
                    for position, block in enumerate(blocks)
                    if (block, group) in of_block
                ]
                points = [point for point in points if point[1] is not None]
                panel.plot(
                    *zip(*points) if points else ([], []),
                    MARKERS[column],
                    color=color,
                    markersize=4,
                    markerfacecolor=color if group == "passing" else "none",
                )
        for position, block in enumerate(blocks):
            if row := of_block.get((block, "all")):
                panel.annotate(
                    f"{row['pre_larger']}:{row['equal']}:{row['pre_smaller']}",
                    (position, 1),
                    xycoords=("data", "axes fraction"),
                    ha="center",
                    va="bottom",
                    fontsize=6,
                )
        panel.set_yscale("log", base=2)
        panel.set_ylim(min([0.5, *peaks]) / 1.1, max([2, *peaks]) * 1.1)
        panel.yaxis.set_major_locator(LogLocator(base=2))
        panel.yaxis.set_minor_locator(NullLocator())
        panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}x"))
        panel.set_xticks(range(len(blocks)), blocks)
        panel.set_xlim(-0.5, len(blocks) - 0.5)
        panel.set_title(TITLES[stimulus], pad=12)
    handles = [
        Line2D([], [], color=color, marker=MARKERS[column], markersize=4, linestyle="", label=column)
        for column, color in COLUMNS.items()
    ]
    handles += [
        Line2D([], [], color="black", marker="o", markersize=4, linestyle="", markerfacecolor=face, label=label)
        for face, label in (("black", "passing channels"), ("none", "all channels"))
    ]
    figure.legend(handles=handles, loc="outside upper left", ncols=5)
    name_axes(figure, "block", "median peak magnification")
    return figure
