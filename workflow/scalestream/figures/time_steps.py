"""The scales that Post prefers at each time step of a recurrent area."""

from collections.abc import Iterable

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from scalestream.comparison.grouping import grouped
from scalestream.figures.family import colors
from scalestream.figures.style import name_axes, panels

STIMULI = {"visualization": "visualizations", "image": "top images"}


def time_steps(table: Iterable[dict]) -> Figure:
    """By area and kind of stimulus, the magnification that Post prefers at each step: median and quartiles over the channels,
    a colour for the step whose Pre the images are of; thin lines are channels that are the same feature at both steps.

    table: rows of the table of time steps.
    """
    shown = grouped((row for row in table if row["preferred_magnification"] is not None), "area", "stimulus")
    names = sorted({row["image_step"] for rows in shown.values() for row in rows})
    color = colors(f"images of step {step}" for step in names)
    figure, axes = panels(max(1, len(shown)), 2, width=3, height=2.4)
    for panel, ((area, stimulus), rows) in zip(axes, shown.items()):
        for (image_step,), of_images in grouped(rows, "image_step").items():
            _draw(panel, of_images, color[f"images of step {image_step}"], 0.08 * names.index(image_step))
        panel.set_yscale("log", base=2)
        panel.yaxis.set_major_locator(LogLocator(base=2))
        panel.yaxis.set_minor_locator(NullLocator())
        panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}x"))
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        panel.set_title(f"{area}, {STIMULI[stimulus]}")
    handles = [Line2D([], [], color=each, marker="o", markersize=4, label=name) for name, each in color.items()]
    figure.legend(handles=handles, loc="outside upper left", ncols=2)
    name_axes(figure, "time step of Post", "preferred magnification")
    return figure


def _draw(panel, rows: list[dict], color: str, shift: float) -> None:
    """The images of one step."""
    preferred = {(row["channel"], row["step"]): row["preferred_magnification"] for row in rows}
    for row in rows:
        start = row["channel"], row["image_step"]
        if row["same_feature"] and start in preferred:
            steps = [row["image_step"] + shift, row["step"] + shift]
            panel.plot(steps, [preferred[start], row["preferred_magnification"]], color=color, linewidth=0.4, alpha=0.5)
    by_step = sorted(grouped(rows, "step").items())
    quartiles = [np.percentile([row["preferred_magnification"] for row in of_step], [25, 50, 75]) for _, of_step in by_step]
    lower, medians, upper = np.transpose(quartiles)
    places = [step + shift for (step,), _ in by_step]
    panel.vlines(places, lower, upper, color=color, linewidth=1)
    panel.plot(places, medians, "o-", color=color, markersize=4)
