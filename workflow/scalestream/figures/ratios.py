"""Figure 2: does ablating scale-invariant channels hurt more where images are scaled?"""

from collections.abc import Iterable

from matplotlib.figure import Figure

from scalestream.figures.style import BAR, LINE, by_block, panels, say


def figure2(ratios: Iterable[dict], obstacles: dict[str, str | None]) -> Figure:
    """By block, bars of the mean ratio at each scale with standard errors, and the no-scale ratio as a line (Figure 2).

    ratios: rows of the table of ratios. obstacles: by block, why it has none, if it has none.
    """
    blocks = by_block(ratios, obstacles)
    figure, axes = panels(len(blocks), 4, width=3.2, height=2.8)
    for panel, (block, rows) in zip(axes, blocks.items()):
        panel.set_title(f"block {block}", loc="right")
        if rows:
            _ratio_panel(panel, rows)
        else:
            say(panel, obstacles[block])
    axes[0].set_ylabel("top-1 ratio, scale-ablated / random-ablated")
    return figure


def _ratio_panel(panel, rows: list[dict]) -> None:
    scaled = sorted((row for row in rows if row["scale_percent"]), key=lambda row: row["scale_percent"])
    (reference,) = (row["mean_ratio"] for row in rows if not row["scale_percent"])
    for position, row in enumerate(scaled):
        if row["mean_ratio"] is None:
            panel.annotate("no ratio", (position, 0), xycoords=("data", "axes fraction"), rotation=90, ha="center", va="bottom")
        else:
            panel.bar(position, row["mean_ratio"], yerr=row["sem"], color=BAR, capsize=3)
    if reference is not None:
        panel.axhline(reference, color=LINE, label="no scale")
        panel.legend(loc="lower left", bbox_to_anchor=(0, 1))
    edges = [
        edge
        for row in rows
        if row["mean_ratio"] is not None
        for edge in (row["mean_ratio"] - (row["sem"] or 0), row["mean_ratio"] + (row["sem"] or 0))
    ]
    if edges:
        margin = max(0.2 * (max(edges) - min(edges)), 0.01)
        panel.set_ylim(max(0, min(edges) - margin), max(edges) + margin)
    panel.set_xticks(range(len(scaled)), [f"{row['scale_percent']}%" for row in scaled])
    panel.set_xlim(-0.6, len(scaled) - 0.4)
    panel.set_xlabel("scale transformation")
