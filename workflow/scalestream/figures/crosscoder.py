"""What crosscoders of a block hold: shift and direction of latents, how much they explain, and whether they recur."""

from collections.abc import Iterable, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter, ScalarFormatter

from scalestream.crosscoder import shown
from scalestream.crosscoder.latents import RECURS, SHIFTED
from scalestream.figures.style import by_block, name_axes, panels, say

FOUND, OTHER, NULL, SHUFFLED = "#009e73", "#0072b2", "#999999", "#d55e00"
STYLES = {True: {"color": NULL, "linestyle": "--"}, False: {"color": OTHER}}  # of lines, by whether samples are shuffled


def latents(table: Iterable[dict]) -> Figure:
    """By block, every latent of the first seed that fires: by how many octaves it is larger at Pre, against the cosine of its
    parts at In and Pre, with what 95 % of permutations of Pre's channels stay below; beside them those of shuffled samples.

    table: rows of the table of latents.
    """
    blocks = by_block(table)
    figure, axes = panels(len(blocks), 3, width=2.6, height=2.5)
    for panel, (block, rows) in zip(axes, blocks.items()):
        rows = [row for row in rows if row["seed"] == rows[0]["seed"]]
        live = [row for row in shown.live(rows) if None not in (row["shift"], row["direction"])]
        as_they_are = [row for row in live if not row["shuffled"]]
        panel.axvline(SHIFTED, color="#cccccc", linewidth=0.6)
        panel.axhline(0, color="#cccccc", linewidth=0.6)
        _points(panel, [row for row in live if row["shuffled"]], "direction", ".", color=SHUFFLED, markersize=2, alpha=0.6)
        _points(panel, as_they_are, "null", "_", color=NULL, markersize=4, markeredgewidth=0.6)
        for is_found, face in ((False, "none"), (True, FOUND)):
            chosen = [row for row in as_they_are if row["found"] == is_found]
            color = FOUND if is_found else OTHER
            _points(panel, chosen, "direction", "o", color=color, markerfacecolor=face, markersize=2.5, markeredgewidth=0.6)
        n_found, n_live = (sum(row[name] > 0 for row in rows if not row["shuffled"]) for name in ("found", "firing"))
        panel.set_title(f"block {block}: {n_found} found, of {n_live} that fire")
    marker = {"linestyle": "", "markersize": 3}
    handles = [
        Line2D([], [], marker="o", color=FOUND, label="found", **marker),
        Line2D([], [], marker="o", color=OTHER, markerfacecolor="none", label="other latents", **marker),
        Line2D([], [], marker="_", color=NULL, label="95 % of the null", **marker),
        Line2D([], [], marker=".", color=SHUFFLED, label="of shuffled samples", **marker),
    ]
    figure.legend(handles=handles, loc="outside upper left", ncols=2 * min(len(blocks), 2))
    name_axes(figure, "octaves by which a latent is larger at Pre than at In", "cosine of In and Pre")
    return figure


def explained(table: Iterable[dict]) -> Figure:
    """By block, the explained variance at the end of every training against the latents a sample has, a line for each width;
    crosses are of shuffled samples.

    table: rows of the table of training.
    """
    blocks = by_block(table)
    widths = sorted({row["width"] for rows in blocks.values() for row in rows})
    colors = dict(zip(widths, plt.colormaps["viridis"](np.linspace(0, 0.85, len(widths)))))
    figure, axes = panels(len(blocks), 3, width=2.4, height=2.2)
    for panel, (block, rows) in zip(axes, blocks.items()):
        last = {(row["shuffled"], row["width"], row["seed"], row["k"]): row for row in rows}  # which come by step
        for width, color in colors.items():
            curve = sorted((row["k"], row["explained"]) for row in _first_seed(last.values()) if row["width"] == width)
            panel.plot(*zip(*curve) if curve else ([], []), color=color, linewidth=1)
            for is_shuffled, marker in ((False, "o"), (True, "x")):
                chosen = [row for row in last.values() if (row["width"], row["shuffled"]) == (width, is_shuffled)]
                ks, values = ([row[name] for row in chosen] for name in ("k", "explained"))
                panel.plot(ks, values, marker, color=color, markersize=3)
        panel.set_xscale("log", base=2)
        panel.xaxis.set_major_formatter(ScalarFormatter())
        panel.set_ylim(min(0, *(row["explained"] for row in last.values())), 1)
        panel.yaxis.set_major_formatter(PercentFormatter(1))
        panel.set_title(f"block {block}")
    marker = {"markersize": 3}
    handles = [Line2D([], [], color=color, marker="o", label=f"{width} latents", **marker) for width, color in colors.items()]
    handles.append(Line2D([], [], color="black", linestyle="", marker="x", label="shuffled samples", **marker))
    figure.legend(handles=handles, loc="outside upper left", ncols=2 * min(len(blocks), 2))
    name_axes(figure, "latents that a sample has on average (k)", "explained variance, held out")
    return figure


def stability(table: Iterable[dict]) -> Figure:
    """By block, the cosines of latents with their matches in another seed, the least of all other seeds, a line for each seed;
    dashed, of shuffled samples. Above the grey line a latent recurs; the title counts those of the first seed that fire.

    table: rows of the table of latents.
    """
    blocks = by_block(table)
    figure, axes = panels(len(blocks), 3, width=2.4, height=2.2)
    for panel, (block, rows) in zip(axes, blocks.items()):
        known = [row for row in rows if row["match"] is not None]
        if not known:
            say(panel, f"block {block}: one seed has no other to match")
            continue
        for is_shuffled, style in STYLES.items():
            for seed in sorted({row["seed"] for row in known}):
                of_seed = [row["match"] for row in known if (row["seed"], row["shuffled"]) == (seed, is_shuffled)]
                panel.plot(range(1, len(of_seed) + 1), sorted(of_seed, reverse=True), linewidth=1, **style)
        panel.axhline(RECURS, color="#cccccc", linewidth=0.6)
        live = shown.live(_first_seed(known))
        panel.set_title(f"block {block}: {sum(row['match'] > RECURS for row in live)} of {len(live)} recur")
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        panel.set_ylim(min(0, *(row["match"] for row in known)), 1.03)
    handles = [
        Line2D([], [], linewidth=1, label=label, **STYLES[is_shuffled])
        for is_shuffled, label in ((False, "samples as they are"), (True, "shuffled samples"))
    ]
    figure.legend(handles=handles, loc="outside upper left", ncols=min(len(blocks), 2))
    name_axes(figure, "latents, the most stable first", "cosine with its match")
    return figure


def _points(panel, rows: Sequence[dict], name: str, marker: str, **style) -> None:
    panel.plot([row["shift"] for row in rows], [row[name] for row in rows], marker, **style)


def _first_seed(rows: Iterable[dict]) -> list[dict]:
    """Those of the first seed, which all pairs of widths and k are trained with, on samples as they are."""
    rows = [row for row in rows if not row["shuffled"]]
    return [row for row in rows if row["seed"] == rows[0]["seed"]]
