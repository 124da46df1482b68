"""What each rule finds of what is planted."""

from collections.abc import Iterable

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from scalestream.figures.style import name_axes, panels

PLANTED, OTHER, PRECISION = "#009e73", "#d55e00", "#0072b2"
TITLES = {
    "paper": "Eq. 1 and 2",
    "paper_gain": "Eq. 1 and 2, gain above 0.1",
    "paper_rank": "Eq. 1 and 2, gain's rank at most 0.1",
    "lagged": "correlogram",
    "circuit": "linear circuit",
    "both": "correlogram and linear circuit",
}
SUMMARY = {"recall": PLANTED, "false calls": OTHER, "precision": PRECISION}


def recovery(table: Iterable[dict]) -> Figure:
    """By rule, the share of channels of each kind that it calls, with its 95 % interval; then recall, false calls
    and precision. Kinds that are scale invariant by construction are green, others red.

    table: rows of the table of recovery.
    """
    rules: dict[str, list[dict]] = {}
    for row in table:
        rules.setdefault(row["rule"], []).append(row)
    count = max(map(len, rules.values()))
    figure, axes = panels(len(rules), 3, width=2.6, height=0.6 + 0.19 * count)
    for panel, (rule, rows) in zip(axes, rules.items()):
        rows = sorted(rows, key=lambda row: (row["kind"] is None, not row["scale_invariant"]))
        for position, row in enumerate(rows):
            color = SUMMARY.get(row["quantity"]) or (PLANTED if row["scale_invariant"] else OTHER)
            if row["share"] is not None:
                panel.plot([row["lower"], row["upper"]], [position] * 2, color=color, linewidth=1)
                panel.plot(row["share"], position, "o", color=color, markersize=4)
            panel.annotate(
                f"{row['count']} of {row['total']}",
                (1.02, position),
                xycoords=("axes fraction", "data"),
                va="center",
                fontsize=6,
            )
        panel.axhline(len(rows) - len(SUMMARY) - 0.5, color="#cccccc", linewidth=0.6)
        panel.set_yticks(range(len(rows)), [(row["kind"] or row["quantity"]).replace("_", " ") for row in rows])
        panel.set_ylim(len(rows) - 0.5, -0.5)
        panel.set_xlim(-0.03, 1.03)
        panel.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        panel.set_title(TITLES[rule])
        panel.label_outer(remove_inner_ticks=False)
    name_axes(figure, "share that is called scale invariant, 95 % interval")
    return figure
