"""The paper's figures."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from scalestream import provenance
from scalestream.tables import in_place

STYLE = {"font.size": 8, "axes.spines.top": False, "axes.spines.right": False, "figure.dpi": 300, "pdf.fonttype": 42}
BAR, LINE = "#bbbbbb", "#0072b2"  # the line is the paper's blue, from a colour-blind-safe palette


def figure2(ratios: Iterable[dict]) -> Figure:
    """Figure 2: by block, bars of the mean ratio at each scale with standard errors, and the no-scale ratio as a line.

    ratios: rows of the table of ratios.
    """
    rows = list(ratios)
    blocks = list(dict.fromkeys(row["block"] for row in rows))
    with plt.rc_context(STYLE):
        figure, panels = plt.subplots(1, len(blocks), figsize=(3.2 * len(blocks), 2.8), squeeze=False, layout="constrained")
        for panel, block in zip(panels[0], blocks):
            _ratio_panel(panel, block, [row for row in rows if row["block"] == block])
        panels[0, 0].set_ylabel("top-1 ratio, scale-ablated / random-ablated")
    return figure


def _ratio_panel(panel, block: str, rows: list[dict]) -> None:
    scaled = sorted((row for row in rows if row["scale_percent"]), key=lambda row: row["scale_percent"])
    (reference,) = (row["mean_ratio"] for row in rows if not row["scale_percent"])
    for place, row in enumerate(scaled):
        if row["mean_ratio"] is None:
            panel.annotate("no ratio", (place, 0), xycoords=("data", "axes fraction"), rotation=90, ha="center", va="bottom")
        else:
            panel.bar(place, row["mean_ratio"], yerr=row["sem"], color=BAR, capsize=3)
    if reference is not None:
        panel.axhline(reference, color=LINE, label="no scale")
        panel.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1))
    edges = [edge for row in rows if row["mean_ratio"] is not None
             for edge in (row["mean_ratio"] - (row["sem"] or 0), row["mean_ratio"] + (row["sem"] or 0))]
    if edges:
        margin = max(0.2 * (max(edges) - min(edges)), 0.01)
        panel.set_ylim(max(0, min(edges) - margin), max(edges) + margin)
    panel.set_xticks(range(len(scaled)), [f"{row['scale_percent']}%" for row in scaled])
    panel.set_xlim(-0.6, len(scaled) - 0.4)
    panel.set_xlabel("scale transformation")
    panel.set_title(f"block {block}", loc="right")


@dataclass(frozen=True)
class Column:
    """What a grid shows of one layer: the center-neuron and whole-channel images and the nine top images, each (S, S, 3).

    stuck: the center neuron never became active, so its image is still noise.
    """

    neuron: np.ndarray
    channel: np.ndarray
    top: list[np.ndarray]
    stuck: bool


def grid(columns: dict[str, Column], title: str) -> Figure:
    """One channel's 3 x 3 grid (Figures 1, 3 and 4); columns by the paper's layer name."""
    with plt.rc_context(STYLE):
        figure, panels = plt.subplots(3, len(columns), figsize=(4.2, 4.5), layout="constrained")
        for place, (name, column) in enumerate(columns.items()):
            for panel, image in zip(panels[:, place], (column.neuron, column.channel, mosaic(column.top))):
                panel.imshow(image)
                panel.set(xticks=[], yticks=[])
                panel.spines[:].set_visible(False)
            panels[0, place].set_title(name)
            if column.stuck:
                panels[0, place].set_xlabel("never active: still noise")
        for panel, name in zip(panels[:, 0], ("center neuron", "whole channel", "top images")):
            panel.set_ylabel(name)
        figure.suptitle(title)
    return figure


def mosaic(images: list[np.ndarray], columns: int = 3) -> np.ndarray:
    """Equal images (S, S, 3), row by row, as one; missing ones are white."""
    blank = np.full_like(images[0], 255)
    cells = images + [blank] * (-len(images) % columns)
    return np.concatenate([np.concatenate(cells[first:first + columns], axis=1) for first in range(0, len(cells), columns)])


def save(figure: Figure, path: str | Path) -> None:
    """Write the figure to a .png or .pdf, with the record of what made it; it appears in its place complete."""
    text = provenance.text()
    with in_place(path) as partial:
        figure.savefig(partial, metadata={"Keywords": text} if partial.suffix == ".pdf" else {provenance.KEY: text})
