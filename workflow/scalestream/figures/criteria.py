"""How many channels pass by block, and where every channel lies by the two criteria (paper, equations 1 and 2)."""

from collections.abc import Iterable

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from scalestream.figures.style import BAR, by_block, name_axes, panels

PASSES, FAILS, REGION = "#009e73", "#999999", "#e3f3ec"
BARS = {
    "Eq. 1": ("gain_passing", "#56b4e9"),
    "Eq. 2": ("ratio_passing", "#e69f00"),
    "both": ("passing", PASSES),
    "both, mismatched pairs": ("expected", BAR),
}


def passing(null: Iterable[dict], seeds: list[int]) -> Figure:
    """By block, the share of channels that meet Eq. 1, Eq. 2 and both, with their numbers above the bars; and, beside them, the
    share that meets both where In is added to another channel's Pre, with the mean number and the interval of 95 % of such
    mismatches.

    null: rows of the table of the null, of which those of the first of the seeds are shown.
    """
    rows = [row for row in null if row["seed"] == seeds[0]]
    figure, (panel,) = panels(1, 1, width=max(4.2, 1.0 * len(rows)), height=2.6)
    totals = [row["n_channels"] for row in rows]
    for offset, (label, (column, color)) in enumerate(BARS.items()):
        counts = [row[column] for row in rows]
        places = [place + 0.21 * (offset - 1.5) for place in range(len(rows))]
        bars = panel.bar(places, [count / total for count, total in zip(counts, totals)], width=0.2, label=label, color=color)
        if column == "expected":
            _draw_intervals(panel, places, rows)
        else:
            panel.bar_label(bars, counts, fontsize=6, padding=1)
    panel.set_xticks(range(len(rows)), [f"{row['block']}\n{row['n_channels']} channels" for row in rows])
    panel.set_xlabel("block")
    panel.set_ylabel("share of its channels")
    panel.yaxis.set_major_formatter(PercentFormatter(1))
    panel.legend(ncols=len(BARS), loc="lower left", bbox_to_anchor=(0, 1), columnspacing=1.2, handlelength=1.4)
    return figure


def _draw_intervals(panel, places: list[float], rows: list[dict]) -> None:
    """The interval of each row of the null, with the expected number above."""
    for place, row in zip(places, rows):
        lower, expected, upper = (row[name] / row["n_channels"] for name in ("lower", "expected", "upper"))
        panel.vlines(place, lower, upper, color="black", linewidth=0.8)
        top = place, max(upper, expected)
        panel.annotate(f"{row['expected']:.1f}", top, (0, 2), textcoords="offset points", fontsize=6, ha="center")


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
    name_axes(figure, "response gain, Pre(S(X_In)) − ReLU(Pre(X_In))", "Post(X_In) / Post(X_Pre)")
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
