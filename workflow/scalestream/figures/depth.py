"""What the blocks of a family's networks show, against where they are."""

from collections.abc import Iterable

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, PercentFormatter

from scalestream.comparison.grouping import grouped
from scalestream.figures.criteria import PASSES
from scalestream.figures.family import title
from scalestream.figures.style import LINE, name_axes, panels, say

CHANCE = "#999999"
DEPTH, GROWTH = "relative depth of the block", "receptive field of Pre over that of In"


def passing_by_depth(table: Iterable[dict]) -> Figure:
    """By arm and recipe, the share of channels that pass in each block, against its relative depth, with the mean and the 95 %
    interval of mismatched pairs of In and Pre.

    table: rows of the table of passing shares.
    """
    return _passing(table, "depth", DEPTH)


def passing_by_growth(table: Iterable[dict]) -> Figure:
    """As `passing_by_depth`, against the growth of the receptive field from In to Pre; blocks without one are left out."""
    return _passing(table, "growth", GROWTH)


def _passing(table: Iterable[dict], place: str, label: str) -> Figure:
    figure, shown = _by_arm(table, place, label)
    for panel, rows in shown:
        x, shares, expected, lower, upper = (
            [row[name] for row in rows] for name in (place, "share", "expected", "lower", "upper")
        )
        panel.vlines(x, lower, upper, color=CHANCE, linewidth=1)
        panel.plot(x, expected, "_", color=CHANCE, markersize=6)
        panel.plot(x, shares, "o", color=PASSES, markersize=3.5)
        panel.yaxis.set_major_formatter(PercentFormatter(1))
    handles = [
        Line2D([], [], color=PASSES, marker="o", markersize=3.5, linestyle="", label="pass"),
        Line2D([], [], color=CHANCE, marker="_", markersize=6, label="mismatched pairs, 95 %"),
    ]
    figure.legend(handles=handles, loc="outside upper left", ncols=2)
    name_axes(figure, y="share of the block's channels")
    return figure


def lags_by_depth(table: Iterable[dict]) -> Figure:
    """By arm and recipe, the median peak lag of the channels of each block whose correlogram is decided, with their quartiles,
    against its relative depth, and the mean lag of different channels.

    table: rows of the table of peak lags.
    """
    figure, shown = _by_arm((row for row in table if row["peak_lag"] is not None), "depth", DEPTH)
    for panel, rows in shown:
        depths = [row["depth"] for row in rows]
        panel.axhline(0, color="#cccccc", linewidth=0.6, zorder=0)
        panel.vlines(depths, [row["lower"] for row in rows], [row["upper"] for row in rows], color=LINE, linewidth=1)
        panel.plot(depths, [row["peak_lag"] for row in rows], "o", color=LINE, markersize=3.5)
        unmatched = [(row["depth"], row["unmatched_lag"]) for row in rows if row["unmatched_lag"] is not None]
        panel.plot(*zip(*unmatched) if unmatched else ([], []), "_", color="black", markersize=7)
    handles = [
        Line2D([], [], color=LINE, marker="o", markersize=3.5, label="median and quartiles of the channels"),
        Line2D([], [], color="black", marker="_", markersize=7, linestyle="", label="different channels"),
    ]
    figure.legend(handles=handles, loc="outside upper left", ncols=2)
    name_axes(figure, y="peak lag (octaves)")
    return figure


def _by_arm(table: Iterable[dict], place: str, label: str) -> tuple[Figure, list]:
    """A figure with a panel an arm and recipe, and these with their rows that have a place."""
    arms = grouped((row for row in table if row[place] is not None), "arm", "recipe")
    figure, axes = panels(max(1, len(arms)), 4, width=2.2, height=2.1)
    for panel, names in zip(axes, arms):
        panel.set_title(title(*names))
        panel.sharex(axes[0])
        panel.sharey(axes[0])
        if place == "growth":
            panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}x"))
        else:
            panel.set_xlim(-0.05, 1.05)
    if not arms:
        say(axes[0], "no block has one")
    name_axes(figure, label)
    return figure, list(zip(axes, arms.values()))
