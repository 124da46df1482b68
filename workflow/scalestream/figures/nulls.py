"""How many channels pass, against how many do by chance."""

from collections.abc import Iterable

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from scalestream.figures.style import by_block, name_axes, panels

OBSERVED, NULL = "#009e73", "#666666"
LABELS = {
    "rewired": "In with another Pre",
    "random-0": "random weights",
    "permuted-0": "permuted weights",
}


def nulls(table: Iterable[dict]) -> Figure:
    """By block, the share of channels that pass both criteria (filled) and that meet Eq. 1 (open), observed and by each null:
    a point a draw, and the 95 % interval of mismatched pairs.

    table: rows of the table of nulls.
    """
    blocks = by_block(table)
    names = list(dict.fromkeys(row["null"] for rows in blocks.values() for row in rows))
    figure, axes = panels(len(blocks), 4, width=2.4, height=0.8 + 0.2 * len(names))
    for panel, (block, rows) in zip(axes, blocks.items()):
        observed = next(row for row in rows if row["null"] == "observed")
        panel.axvline(observed["passes"] / observed["n_channels"], color=OBSERVED, linewidth=0.8)
        for row in rows:
            _point(panel, row, names.index(row["null"]))
        panel.set_yticks(range(len(names)), [LABELS.get(name, name) for name in names])
        panel.set_ylim(len(names) - 0.5, -0.5)
        panel.set_xlim(left=-0.02)
        panel.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        panel.set_title(f"block {block}: {observed['passes']:g} of {observed['n_channels']} pass")
        panel.label_outer(remove_inner_ticks=False)
    handles = [
        Line2D([], [], color=NULL, marker="o", markersize=4, linestyle="", markerfacecolor=face, label=label)
        for face, label in ((NULL, "pass both criteria"), ("none", "meet Eq. 1"))
    ]
    figure.legend(handles=[*handles, Line2D([], [], color=OBSERVED, label="observed")], loc="outside upper left", ncols=3)
    name_axes(figure, "share of the block's channels")
    return figure


def _point(panel, row: dict, position: int) -> None:
    color, total = OBSERVED if row["null"] == "observed" else NULL, row["n_channels"]
    if row["lower"] is not None:
        panel.plot([row["lower"] / total, row["upper"] / total], [position] * 2, color=color, linewidth=1)
    if row["gain_passes"] is not None:
        panel.plot(row["gain_passes"] / total, position, "o", color=color, markersize=4, markerfacecolor="none")
    panel.plot(row["passes"] / total, position, "o", color=color, markersize=4)
