"""Verdicts by natural images beside those by visualizations, and the top images that layers have in common."""

from collections.abc import Iterable

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from scalestream.figures.style import panels

VERDICTS = {
    "both": ("both", "#009e73"),
    "visualization_only": ("visualizations only", "#0072b2"),
    "natural_only": ("natural images only", "#e69f00"),
}
PAIRS = {"in_pre": ("In and Pre", "#0072b2"), "in_post": ("In and Post", "#d55e00"), "pre_post": ("Pre and Post", "#009e73")}


def natural_images(agreement: Iterable[dict]) -> Figure:
    """By block, how many channels pass by visualizations, by natural images and by both, with Cohen's kappa.

    agreement: rows of that table.
    """
    rows = list(agreement)
    figure, (panel,) = panels(1, 1, width=max(3.5, 1.0 * len(rows)), height=2.6)
    bottom = np.zeros(len(rows))
    for name, (label, color) in VERDICTS.items():
        counts = np.array([row[name] for row in rows])
        panel.bar(range(len(rows)), counts, bottom=bottom, width=0.6, color=color, label=label)
        bottom += counts
    for position, (top, row) in enumerate(zip(bottom, rows)):
        kappa = "no kappa" if row["kappa"] is None else f"κ {row['kappa']:.2f}"
        panel.annotate(kappa, (position, top), xytext=(0, 2), textcoords="offset points", ha="center", fontsize=6)
    panel.set_xticks(range(len(rows)), [f"{row['block']}\n{row['n_channels']} channels" for row in rows])
    panel.set_xlabel("block")
    panel.set_ylabel("channels that pass")
    panel.set_ylim(0, max(1, 1.12 * bottom.max()))
    panel.legend(ncols=3, loc="lower left", bbox_to_anchor=(0, 1))
    return figure


def overlap(table: Iterable[dict]) -> Figure:
    """By block, the mean share of the nine top images that two layers have in common: of all channels, and of the passing ones
    as hatched bars.

    table: rows of the table of overlap.
    """
    rows = {(row["block"], row["group"]): row for row in table}
    blocks = list(dict.fromkeys(block for block, _ in rows))
    figure, (panel,) = panels(1, 1, width=max(3.5, 1.2 * len(blocks)), height=2.6)
    for offset, (name, (label, color)) in enumerate(PAIRS.items()):
        for group, hatch, shift, opacity in (("all", "", 0, 1), ("passing", "////", 0.13, 0.5)):
            bars = [
                (position + 0.28 * (offset - 1) - 0.065 + shift, rows[block, group][name])
                for position, block in enumerate(blocks)
                if (block, group) in rows
            ]
            if bars:
                panel.bar(
                    *zip(*bars),
                    width=0.12,
                    color=color,
                    hatch=hatch,
                    alpha=opacity,
                    label=label if group == "all" else f"{label}, passing",
                )
    passing, everything = (
        [rows.get((block, group), {"n_channels": 0})["n_channels"] for block in blocks] for group in ("passing", "all")
    )
    panel.set_xticks(
        range(len(blocks)), [f"{block}\n{some} of {total} pass" for block, some, total in zip(blocks, passing, everything)]
    )
    panel.set_xlabel("block")
    panel.set_ylabel("top images in common")
    panel.yaxis.set_major_formatter(PercentFormatter(1))
    panel.legend(ncols=3, loc="lower left", bbox_to_anchor=(0, 1))
    return figure
