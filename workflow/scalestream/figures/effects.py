"""Ratios of accuracies with both kinds of intervals, and how sure it is that they are below the no-scale ratio."""

from collections.abc import Iterable

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from scalestream.figures.style import BAR, LINE, by_block, name_axes, panels, say

SIGNIFICANCE = 0.05
INTERVAL = "#d55e00"
MARKS = {"p_images_holm": "*", "p_sets_holm": "†"}


def effects(table: Iterable[dict], obstacles: dict[str, str | None]) -> Figure:
    """In the style of Figure 2, a panel for each block, control and replacement: bars of the mean ratio with standard errors
    over trials, beside each its 95 % bootstrap interval over images and trials; the no-scale ratio as a line, with its
    interval.

    A star marks a corrected p over images below SIGNIFICANCE, a dagger one over sets. table: rows of the table of effects.
    obstacles: by block, why it has none, if it has none.
    """
    shown = {}
    for block, rows in by_block(table, obstacles).items():
        for row in rows:
            shown.setdefault((block, f": {row['control']}\n{row['replacement']} ablation"), []).append(row)
        if not rows:
            shown[block, ""] = []
    columns = min(len({comparison for _, comparison in shown}), 6)
    figure, axes = panels(len(shown), columns, width=max(2.1, 2.6 / columns), height=max(2.2, 3 / columns))
    for panel, ((block, comparison), rows) in zip(axes, shown.items()):
        panel.set_title(f"block {block}{comparison}")
        if rows:
            _panel(panel, sorted(rows, key=lambda row: row["scale_percent"]))
        else:
            say(panel, obstacles[block])
    handles = [
        Patch(color=BAR, label="mean ratio, standard error over trials"),
        Line2D([], [], color=INTERVAL, label="95 % bootstrap interval"),
        Line2D([], [], color=LINE, label="no scale, with its interval"),
        Line2D([], [], marker="$*$", color="black", linestyle="", label=f"p over images < {SIGNIFICANCE} (Holm)"),
        Line2D([], [], marker="$†$", color="black", linestyle="", label=f"p over sets < {SIGNIFICANCE} (Holm)"),
    ]
    figure.legend(handles=handles, loc="outside upper left", ncols=min(5, columns))
    name_axes(figure, "scale transformation", "top-1 ratio, scale-ablated / random-ablated")
    return figure


def _panel(panel, rows: list[dict]) -> None:
    reference, *scaled = rows
    edges = [row[name] for row in rows for name in ("ratio", "ratio_lower", "ratio_upper") if row[name] is not None]
    for position, row in enumerate(scaled):
        if row["ratio"] is None:
            panel.annotate("no ratio", (position, 0), xycoords=("data", "axes fraction"), rotation=90, ha="center", va="bottom")
            continue
        panel.bar(position, row["ratio"], yerr=row["sem"], color=BAR, capsize=2, error_kw={"linewidth": 0.8})
        panel.vlines(position + 0.28, row["ratio_lower"], row["ratio_upper"], color=INTERVAL, linewidth=1.4)
        marks = "".join(mark for name, mark in MARKS.items() if row[name] is not None and row[name] < SIGNIFICANCE)
        panel.annotate(marks, (position, 1), xycoords=("data", "axes fraction"), ha="center", va="top", fontsize=9)
    if reference["ratio"] is not None:
        panel.axhline(reference["ratio"], color=LINE)
        panel.axhspan(reference["ratio_lower"], reference["ratio_upper"], color=LINE, alpha=0.15, linewidth=0)
    if edges:
        margin = max(0.2 * (max(edges) - min(edges)), 0.01)
        panel.set_ylim(max(0, min(edges) - margin), max(edges) + margin)
    panel.set_xticks(range(len(scaled)), [f"{row['scale_percent']}%" for row in scaled])
    panel.set_xlim(-0.6, len(scaled) - 0.4)
