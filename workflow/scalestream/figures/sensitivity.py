"""How many channels pass as the thresholds of the criteria change."""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from scalestream.figures.style import panels
from scalestream.study.sensitivity import PAPER

LABELS = {
    "tolerance": "bound of the Post ratio (Eq. 2)",
    "gain_margin": "margin of the response gain (Eq. 1)",
    "magnification": "magnification of S (Eq. 1)",
}
MARKERS = "osD^v<>"


def sensitivity(table: Iterable[dict]) -> Figure:
    """For each threshold, the share of a block's channels that pass against its value: thin lines for single seeds, the mean
    over them with markers, and the paper's value as a vertical line.

    table: rows of the table of sensitivity.
    """
    thresholds = defaultdict(lambda: defaultdict(dict))
    for row in table:
        points = thresholds[row["threshold"]][row["block"]].setdefault(row["seed"], [])
        points.append((row["value"], row["n_passing"] / row["n_channels"]))
    shown = [threshold for threshold in LABELS if threshold in thresholds]
    figure, axes = panels(len(shown), 3, width=2.6, height=2.5)
    for panel, threshold in zip(axes, shown):
        for number, (block, seeds) in enumerate(thresholds[threshold].items()):
            color, curves = f"C{number}", np.array([sorted(points) for points in seeds.values()])
            if len(curves) > 1:
                panel.plot(curves[0, :, 0], curves[:, :, 1].T, color=color, linewidth=0.4, alpha=0.6)
            panel.plot(
                curves[0, :, 0],
                curves[:, :, 1].mean(axis=0),
                color=color,
                marker=MARKERS[number % len(MARKERS)],
                markersize=3,
                label=f"block {block}",
            )
        panel.axvline(PAPER[threshold], color="black", linewidth=0.8, linestyle=":", label="the paper's")
        panel.set_xlabel(LABELS[threshold])
        panel.set_ylim(bottom=0)
        panel.yaxis.set_major_formatter(PercentFormatter(1))
    axes[0].set_ylabel("channels that pass")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper left", ncols=min(8, 3 * len(shown)))
    return figure
