"""How many random draws of each control harm enough at no scale to be compared with."""

from collections.abc import Iterable

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from scalestream.figures.style import by_block, panels, say

POINT = "#0072b2"


def acceptance(table: Iterable[dict], obstacles: dict[str, str | None]) -> Figure:
    """By block, the acceptance rate of each control with its Wilson interval, and the numbers of draws.

    table: rows of the table of acceptance. obstacles: by block, why it has no draw, if it has none.
    """
    blocks = by_block(table, obstacles)
    figure, axes = panels(len(blocks), 4, width=2.4, height=2.2)
    for panel, (block, rows) in zip(axes, blocks.items()):
        panel.set_title(f"block {block}", pad=12)
        if not rows:
            say(panel, obstacles[block])
            continue
        positions = range(len(rows))
        rates = [row["rate"] for row in rows]
        below, above = ([abs(row[end] - row["rate"]) for row in rows] for end in ("lower", "upper"))
        panel.errorbar(positions, rates, yerr=[below, above], fmt="o", color=POINT, capsize=3, markersize=4)
        for position, row in enumerate(rows):
            panel.annotate(
                f"{row['n_accepted']} of {row['n_draws']}",
                (position, 1.02),
                xycoords=("data", "axes fraction"),
                ha="center",
                fontsize=6,
            )
        panel.set_xticks(positions, [row["control"] for row in rows], rotation=30)
        panel.set_xlim(-0.6, len(rows) - 0.4)
        panel.set_ylim(0, 1.03)
        panel.yaxis.set_major_formatter(PercentFormatter(1))
    axes[0].set_ylabel("draws accepted, 95 % interval")
    return figure
