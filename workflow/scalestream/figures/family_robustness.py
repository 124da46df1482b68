"""Accuracy of a family's networks against magnification, and how arms differ."""

from collections.abc import Iterable

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from scalestream.comparison.grouping import grouped
from scalestream.figures.family import colors, title
from scalestream.figures.magnification import set_axis
from scalestream.figures.style import name_axes, panels

MEASURES = {"relative": "A(m) / A(1)", "logit": "logit A(m) − logit A(1)", "distance": "distance to the probit line"}
SIGNIFICANCE = 0.05
STEP = 1.025  # by which arms stand beside each other
MEAN = 1.3  # times the last magnification, where the mean over magnifications stands


def family_robustness(table: Iterable[dict]) -> Figure:
    """By recipe, top-1 accuracy against magnification: a thin line a network, in the colour of its arm, and where an arm has
    several, their mean as a thick one.

    table: rows of the family's table of robustness.
    """
    rows = list(table)
    recipes, color = grouped(rows, "recipe"), colors(row["arm"] for row in rows)
    figure, axes = panels(len(recipes), 2, width=3.6, height=2.8)
    for panel in axes[1:]:
        panel.sharey(axes[0])
    for panel, ((recipe,), of_recipe) in zip(axes, recipes.items()):
        for (arm,), of_arm in grouped(of_recipe, "arm").items():
            lines = [
                dict(sorted((row["magnification"], row["accuracy"]) for row in of_network))
                for of_network in grouped(of_arm, "network").values()
            ]
            several = len(lines) > 1
            for line in lines:
                panel.plot(
                    [*line], [*line.values()], color=color[arm], linewidth=0.5 if several else 1.2, alpha=0.6 if several else 1
                )
            if several:
                panel.plot([*lines[0]], np.mean([[*line.values()] for line in lines], axis=0), color=color[arm], linewidth=2)
        set_axis(panel, (row["magnification"] for row in of_recipe))
        panel.set_title(title(recipe))
        panel.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    handles = [Line2D([], [], color=of_arm, linewidth=2, label=arm) for arm, of_arm in color.items()]
    figure.legend(handles=handles, loc="outside upper left", ncols=min(len(color), 3 * min(len(recipes), 2)))
    name_axes(figure, "magnification relative to no scale")
    axes[0].set_ylabel("top-1 accuracy")
    return figure


def contrasts(table: Iterable[dict]) -> Figure:
    """A row of panels a recipe, one a measure: arm minus reference with 95 % intervals by magnification, and at the right the
    mean over magnifications above no scale, whose p by the sign-flip test stands in the legend; filled: p after Holm, or of the
    mean p, below 0.05.

    table: rows of the table of contrasts.
    """
    rows = list(table)
    recipes, color = grouped(rows, "recipe"), colors(row["arm"] for row in rows)
    figure, axes = panels(max(1, len(recipes)) * len(MEASURES), len(MEASURES), width=2.9, height=2.8)
    if not rows:
        axes[0].set_title("no arm shares two seeds with the reference")
    for place, ((recipe,), of_recipe) in enumerate(recipes.items()):
        for panel, (measure, label) in zip(axes[place * len(MEASURES) :], MEASURES.items()):
            of_measure = [row for row in of_recipe if row["measure"] == measure and row["mean_difference"] is not None]
            _contrast_panel(panel, of_measure, color)
            panel.set_title(title(recipe, label))
    references = " or ".join(dict.fromkeys(row["reference"] for row in rows))
    name_axes(figure, "magnification relative to no scale", f"arm minus {references}" if references else "")
    return figure


def _contrast_panel(panel, rows: list[dict], color: dict[str, str]) -> None:
    magnifications = sorted({row["magnification"] for row in rows} - {None})
    panel.axhline(0, color="#cccccc", linewidth=0.6, zorder=0)
    if not magnifications:
        return
    last = magnifications[-1] * MEAN
    arms = grouped(rows, "arm")
    for number, ((arm,), of_arm) in enumerate(arms.items()):
        beside = STEP ** (number - (len(arms) - 1) / 2)
        for row in of_arm:
            is_mean = row["magnification"] is None
            p = row["p" if is_mean else "p_holm"]
            x = (last if is_mean else row["magnification"]) * beside
            if row["lower"] is not None:
                panel.vlines(x, row["lower"], row["upper"], color=color[arm], linewidth=1)
            face = color[arm] if p < SIGNIFICANCE else "white"
            panel.plot(x, row["mean_difference"], "D" if is_mean else "o", color=color[arm], markersize=4, markerfacecolor=face)
            if is_mean:
                extrapolates = row["measure"] == "distance" and not row["clean_overlap"]
                text = f"{arm}: p {row['p']:.2g} of {row['n_seeds']} seeds" + ", extrapolated" * extrapolates
                panel.plot([], [], color=color[arm], label=text)
    set_axis(panel, [*magnifications, last])
    panel.set_xticks([*magnifications, last], [*(f"{each:.3g}" for each in magnifications), "mean"])
    panel.legend(loc="upper left", bbox_to_anchor=(0, -0.12))
