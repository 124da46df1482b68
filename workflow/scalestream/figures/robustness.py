"""Accuracy of the intact network against magnification."""

from collections.abc import Iterable

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from scalestream.figures.magnification import set_axis
from scalestream.figures.style import LINE, panels
from scalestream.study.intervals import wilson


def robustness(table: Iterable[dict]) -> Figure:
    """Top-1 accuracy against magnification, with 95 % Wilson intervals over images; no scale as a line across.

    table: rows of the table of robustness.
    """
    rows = sorted(table, key=lambda row: row["magnification"])
    magnifications, accuracies = ([row[name] for row in rows] for name in ("magnification", "accuracy"))
    figure, (panel,) = panels(1, 1, width=4.2, height=2.8)
    ends = np.array([wilson(row["n_correct"], row["n_images"]) for row in rows]).T
    panel.axhline(dict(zip(magnifications, accuracies))[1], color="#cccccc", linewidth=0.6, zorder=0)
    panel.errorbar(magnifications, accuracies, yerr=abs(ends - accuracies), color=LINE, marker="o", markersize=3, capsize=2)
    set_axis(panel, magnifications)
    panel.yaxis.set_major_formatter(PercentFormatter(1))
    panel.set_xlabel("magnification relative to no scale")
    panel.set_ylabel("top-1 accuracy")
    return figure
