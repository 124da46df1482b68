"""By how much Pre of a channel lags behind its In in scale, over images."""

from collections.abc import Iterable

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from scalestream.figures.style import BAR, LINE, POST, by_block, name_axes, panels
from scalestream.measures.thresholds import CORRELATED, P, largest_rank

WEAK = "#bbbbbb"


def profiles(table: Iterable[dict]) -> Figure:
    """By block, the mean correlation of In and Pre of the same channel and of different channels, against the lag; above, how
    far the first lies from that of random pairings of the channels, in standard deviations of these.

    table: rows of the table of profiles of lags.
    """
    blocks = by_block(table)
    figure, axes = panels(len(blocks), 4, width=2.1, height=1.9)
    for panel in axes[1:]:
        panel.sharey(axes[0])
    for panel, (block, rows) in zip(axes, blocks.items()):
        octaves = [row["octaves"] for row in rows]
        panel.axvline(0, color="#cccccc", linewidth=0.6)
        panel.axhline(0, color="#cccccc", linewidth=0.6)
        for name, color in (("unmatched", "#999999"), ("matched", LINE)):
            means = [np.nan if row[name] is None else row[name] for row in rows]
            panel.plot(octaves, means, "o-", color=color, markersize=3, linewidth=1)
        for row in rows:
            if row["z"] is not None:
                place = (row["octaves"], 1)
                panel.annotate(
                    f"{row['z']:.1f}", place, xycoords=("data", "axes fraction"), ha="center", va="bottom", fontsize=6
                )
        panel.set_xlim(min(octaves) - 0.25, max(octaves) + 0.25)
        panel.set_title(f"block {block}", pad=12)
    handles = [
        Line2D([], [], color=color, marker="o", markersize=3, linewidth=1, label=label)
        for label, color in (("the same channel's In and Pre", LINE), ("different channels'", "#999999"))
    ]
    figure.legend(handles=handles, loc="outside upper left", ncols=2)
    name_axes(figure, "octaves by which Pre's image is larger than In's", "mean correlation")
    return figure


def lags(table: Iterable[dict]) -> Figure:
    """By block, every channel's peak lag with the mean of unmatched pairs and its interval, and what Post gains in tolerance.

    Filled: a rank in the column that counts, as for the rule. Grey: In and Pre correlate less, at all lags, than the
    unmatched pairs that the mean is of. table: rows of the table of lags.
    """
    blocks = by_block(table)
    figure, (lag, gain) = panels(2, 1, width=max(4.2, 0.75 * len(blocks) + 0.6), height=2.1)
    for position, rows in enumerate(blocks.values()):
        _strip(lag, position, rows, "peak_lag", LINE)
        _strip(gain, position, rows, "tolerance_gain", POST)
        mean, lower, upper = (rows[0][name] for name in ("unmatched_lag", "unmatched_lower", "unmatched_upper"))
        if None not in (mean, lower, upper):
            sides = [position - 0.42, position + 0.42]
            lag.plot(sides, [mean, mean], color="black", linewidth=1.2, zorder=3)
            lag.fill_between(sides, lower, upper, color=BAR, alpha=0.7, linewidth=0, zorder=0)
    for panel, label in ((lag, "peak lag (octaves)"), (gain, "tolerance at an octave,\nPost less In")):
        panel.axhline(0, color="#cccccc", linewidth=0.6, zorder=0)
        panel.set_xticks(range(len(blocks)), blocks)
        panel.set_xlim(-0.5, len(blocks) - 0.5)
        panel.set_ylabel(label)
    marker = {"marker": "o", "markersize": 3, "linestyle": ""}
    handles = [
        Line2D([], [], color=LINE, label=f"p in column at most {P}, or the best", **marker),
        Line2D([], [], color=LINE, markerfacecolor="none", label="other channels", **marker),
        Line2D([], [], color=WEAK, label=f"correlation at most {CORRELATED}", **marker),
        Line2D([], [], color="black", linewidth=1.2, label="different channels"),
    ]
    figure.legend(handles=handles, loc="outside upper left", ncols=2)
    gain.set_xlabel("block")
    return figure


def _strip(panel, position: int, rows: list[dict], name: str, color: str) -> None:
    """The channels' values side by side, in their order; those that stand out on top."""
    largest = largest_rank(rows)
    for drawn, (edge, face, size) in enumerate([(WEAK, WEAK, 1.5), (color, "none", 2.5), (color, color, 2.5)]):
        chosen = [
            (position + 0.7 * ((place + 0.5) / len(rows) - 0.5), row[name])
            for place, row in enumerate(rows)
            if row[name] is not None and _standing(row, largest) == drawn
        ]
        panel.plot(*zip(*chosen) if chosen else ([], []), "o", color=edge, markersize=size, markerfacecolor=face)


def _standing(row: dict, largest: float) -> int:
    """0: In and Pre correlate little, if at all; 1: they correlate; 2: they do so better than with other channels."""
    if row["matched"] is None or max(row["matched"]) <= CORRELATED:
        return 0
    return 2 if row["p_column"] <= largest else 1
