"""How many channels pass by block, and where every channel lies by the two criteria (paper, equations 1 and 2)."""

from collections.abc import Iterable

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from scalestream.figures.style import by_block, panels

BARS = {"Eq. 1": ("gain_passes", "#56b4e9"), "Eq. 2": ("ratio_passes", "#e69f00"), "both": ("passes", "#009e73")}
PASSES, FAILS, REGION = "#009e73", "#999999", "#e3f3ec"


def passing(criteria: Iterable[dict]) -> Figure:
    """By block, the share of channels that meet Eq. 1, Eq. 2 and both, with their numbers above the bars.

    criteria: rows of the table of criteria.
    """
    blocks = by_block(criteria)
    figure, (panel,) = panels(1, 1, width=max(3.5, 1.0 * len(blocks)), height=2.6)
    for offset, (label, (column, color)) in enumerate(BARS.items()):
        counts = [sum(row[column] for row in rows) for rows in blocks.values()]
        shares = [count / len(rows) for count, rows in zip(counts, blocks.values())]
        bars = panel.bar(
            [position + 0.27 * (offset - 1) for position in range(len(blocks))], shares, width=0.25, label=label, color=color
        )
        panel.bar_label(bars, counts, fontsize=6, padding=1)
    panel.set_xticks(range(len(blocks)), [f"{block}\n{len(rows)} channels" for block, rows in blocks.items()])
    panel.set_xlabel("block")
    panel.set_ylabel("share of its channels")
    panel.yaxis.set_major_formatter(PercentFormatter(1))
    panel.legend(ncols=3, loc="lower left", bbox_to_anchor=(0, 1))
    return figure


def scatter(criteria: Iterable[dict], tolerance: float) -> Figure:
    """By block, response gain against Post ratio, a point a channel, the passing region shaded.

    Channels without a ratio stand on the lower edge. criteria: rows of the table of criteria; tolerance: as in Eq. 2.
    """
    blocks = by_block(criteria)
    figure, axes = panels(len(blocks), 4, width=2.2, height=2.2)
    ratios = [row["ratio"] for rows in blocks.values() for row in rows if row["ratio"] is not None]
    low, high = min([1 / tolerance, *ratios]) / 2, max([tolerance, *ratios]) * 1.5
    for panel, (block, rows) in zip(axes, blocks.items()):
        _scatter_panel(panel, rows, tolerance, low)
        panel.set_ylim(low, high)
        panel.set_title(f"block {block}: {sum(row['passes'] for row in rows)} of {len(rows)} pass")
    figure.supxlabel("response gain, Pre(S(X_In)) − ReLU(Pre(X_In))", fontsize=8)
    figure.supylabel("Post(X_In) / Post(X_Pre)", fontsize=8)
    return figure


def _scatter_panel(panel, rows: list[dict], tolerance: float, bottom: float) -> None:
    panel.set_yscale("log")
    kinds = {
        "passes": (PASSES, "o", [row for row in rows if row["passes"]]),
        "fails": (FAILS, ".", [row for row in rows if not row["passes"] and row["ratio"] is not None]),
        "no ratio": (FAILS, "|", [row for row in rows if row["ratio"] is None]),
    }
    for label, (color, marker, members) in kinds.items():
        panel.scatter(
            [row["gain"] for row in members],
            [row["ratio"] or bottom * 1.2 for row in members],
            s=12,
            marker=marker,
            color=color,
            linewidths=0.7,
            label=label,
            zorder=2,
        )
    left, right = panel.get_xlim()
    right = max(right, (right - left) / 20)
    panel.fill_between([0, right], 1 / tolerance, tolerance, color=REGION, zorder=0, linewidth=0)
    panel.axvline(0, color="#cccccc", linewidth=0.6, zorder=1)
    panel.set_xlim(right=right)
