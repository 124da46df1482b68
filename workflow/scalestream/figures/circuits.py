"""At which magnifications In and Pre of a channel are like each other by the weights."""

from collections.abc import Iterable

from matplotlib.figure import Figure

from scalestream.figures.style import LINE, by_block, name_axes, panels

BAND = 2  # standard deviations of the null
COLORS = {"smaller": "#999999", "equal": LINE, "larger": "#d55e00"}  # of Pre's feature, beside In's


def profiles(table: Iterable[dict]) -> Figure:
    """By block, how far the mean cosine of In's gradient and Pre's lies from that of random pairings of the channels, against
    the magnification that Pre's is pulled back through; the band is two standard deviations of these.

    table: rows of the table of profiles of circuits.
    """
    blocks = by_block(table)
    figure, axes = panels(len(blocks), 4, width=2.1, height=1.9)
    for panel in axes[1:]:
        panel.sharex(axes[0])
        panel.sharey(axes[0])
    for panel, (block, rows) in zip(axes, blocks.items()):
        panel.axhspan(-BAND, BAND, color="#eeeeee", linewidth=0)
        panel.axvline(0, color="#cccccc", linewidth=0.6)
        known = [(row["octaves"], row["z"]) for row in sorted(rows, key=lambda row: row["octaves"]) if row["z"] is not None]
        panel.plot(*zip(*known) if known else ([], []), color="#999999", linewidth=0.8, zorder=1)
        for octaves, z in known:
            kind = "equal" if octaves == 0 else "larger" if octaves > 0 else "smaller"
            panel.plot(octaves, z, "o", color=COLORS[kind], markersize=3.5)
        panel.set_title(f"block {block}: larger in {rows[0]['n_larger']} of {rows[0]['n_channels']}")
    name_axes(figure, "octaves by which Pre's feature is larger than In's", "z of matched pairs")
    return figure
