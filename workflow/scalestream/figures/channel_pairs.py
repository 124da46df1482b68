"""Pairs of channels of two layers that may be one feature at two scales, and how many there are."""

import io
from collections.abc import Iterable

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

from scalestream.comparison.grouping import grouped
from scalestream.figures.style import BAR, LINE, panels, say

CELLS = 3  # of a pair: X_c, S(X_c), and the visualization of the match
ACROSS = 2  # pairs in a line
GAP = 0.25  # between them, in cells


def channel_pairs(pictures: Iterable[dict]) -> Figure:
    """The best pairs of each two layers, two to a line: a channel's visualization, the same magnified, and that of its match in
    the later layer, each with what the match answers to it.

    pictures: rows of that table.
    """
    lines = [
        rows[first : first + ACROSS]
        for rows in grouped(pictures, "earlier", "later").values()
        for first in range(0, len(rows), ACROSS)
    ]
    if not lines:
        figure, (panel,) = panels(1, 1, width=3, height=1)
        say(panel, "no channel has a match")
        return figure
    widths = [1, 1, 1, GAP, 1, 1, 1]
    figure, axes = plt.subplots(
        len(lines),
        len(widths),
        figsize=(1.2 * sum(widths), 1.6 * len(lines)),
        width_ratios=widths,
        squeeze=False,
        layout="constrained",
    )
    for panel in axes.flat:
        panel.set_axis_off()
    for line, of_line in zip(lines, axes):
        for number, row in enumerate(line):
            first = number * (CELLS + 1)
            _show(of_line[first : first + CELLS], row)
    return figure


def _show(axes: list, row: dict) -> None:
    """A pair in three panels."""
    titles = (
        f"{row['earlier']}\nchannel {row['channel']}\nanswer {row['response']:.3g}",
        f"the same\nmagnified\nanswer {row['response_scaled']:.3g}",
        f"{row['later']}\nchannel {row['match']}, p = {row['p']:.2g}\nanswer {row['peak']:.3g}",
    )
    for panel, title, name in zip(axes, titles, ("image", "image_scaled", "image_of_match"), strict=True):
        panel.set_title(title, fontsize=5)
        panel.imshow(Image.open(io.BytesIO(row[name])).convert("RGB"))


def channel_pair_counts(counts: Iterable[dict]) -> Figure:
    """For each two layers, how many channels have a match beyond chance, beside what random matches give, with its interval.

    counts: rows of that table.
    """
    rows = list(counts)
    figure, (panel,) = panels(1, 1, width=4.5, height=1.1 + 0.35 * len(rows))
    for place, row in enumerate(rows):
        panel.plot(
            [row["lower"], row["upper"]], [place] * 2, color=BAR, linewidth=5, solid_capstyle="butt", label="95 % of them"
        )
        panel.plot(row["expected"], place, "|", color="black", markersize=8, label="mean of random matches")
        panel.plot(row["matched"], place, "o", color=LINE, markersize=5, label="found")
    labels = [f"{row['earlier']} - {row['later']}\n{row['matched']} of {row['n_compared']}, p = {row['p']:.2g}" for row in rows]
    panel.set_yticks(range(len(rows)), labels, fontsize=6)
    panel.set(ylim=(len(rows) - 0.5, -0.5), xlabel="channels with a match beyond chance")
    figure.legend(handles=panel.lines[2::-1], loc="outside upper left", ncols=3)
    return figure
