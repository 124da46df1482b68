"""The criteria by natural images in place of visualizations, and the top images that layers have in common (paper, section 8)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np
from statsmodels.stats.inter_rater import cohens_kappa

from scalestream.verdicts import judge

PAIRS = {"in_pre": ("In", "Pre"), "in_post": ("In", "Post"), "pre_post": ("Pre", "Post")}


def judge_images(block: str, responses: Iterable[dict], magnification: float, tolerance: float) -> Iterator[dict]:
    """Eq. 1 and 2 for every channel of a block, each side of an equation a mean over the channel's top images: those of In in the
    place of X_In, those of Pre in that of X_Pre.

    responses: rows of that table, of top images. Yields rows as `verdicts.judge`, whose pre_in is the mean of ReLU(Pre).
    """
    found = defaultdict(list)
    for row in responses:
        for term in ("pre", "post"):
            found[row["channel"], row["source"], row["magnification"], term].append(row[term])
    for channel in sorted({channel for channel, *_ in found}):
        pre_in = np.maximum(found[channel, "In", 1, "pre"], 0)
        others = [("In", magnification, "pre"), ("In", 1, "post"), ("Pre", 1, "post")]
        means = [pre_in.mean(), *(np.mean(found[channel, *other]) for other in others)]
        yield judge(block, channel, *map(float, means), tolerance)


def in_common(layers: dict[str, str], top_images: Iterable[dict]) -> dict[int, dict[str, int]]:
    """By channel of a block, how many top images there are ("n_images") and each pair of layers has in common.

    layers: of the block, by the paper's names. top_images: rows of that table.
    """
    names = {layer: name for name, layer in layers.items()}
    top = defaultdict(lambda: defaultdict(set))
    for row in top_images:
        if row["layer"] in names:
            top[row["channel"]][names[row["layer"]]].add(row["image"])
    return {channel: {"n_images": len(found["In"]),
                      **{pair: len(found[one] & found[other]) for pair, (one, other) in PAIRS.items()}}
            for channel, found in top.items()}


def agreement(natural: Iterable[dict]) -> Iterator[dict]:
    """Rows of the table of agreement, one a block: verdicts by visualizations against those by natural images, and Cohen's kappa,
    which is missing where a verdict is the same for all channels.

    natural: rows of the table of the natural criteria.
    """
    for block, rows in _by_block(natural).items():
        counts = np.zeros((2, 2), dtype=int)
        for row in rows:
            counts[int(row["visualization_passes"]), int(row["passes"])] += 1
        (neither, natural_only), (visualization_only, both) = counts.tolist()
        varies = counts.any(axis=0).all() and counts.any(axis=1).all()
        yield {"block": block, "n_channels": len(rows), "both": both, "visualization_only": visualization_only,
               "natural_only": natural_only, "neither": neither, "agreement": (both + neither) / len(rows),
               "kappa": float(cohens_kappa(counts).kappa) if varies else None}


def overlap(natural: Iterable[dict]) -> Iterator[dict]:
    """Rows of the table of overlap, one a block and group of channels: "all", or "passing" by visualizations.

    Mean shares of the top images that layers have in common; the share of channels whose In and Pre have none in common; and
    that of channels whose Post has some of In's and some of Pre's (paper, section 3). natural: as for `agreement`.
    """
    for block, rows in _by_block(natural).items():
        for group, members in {"all": rows, "passing": [row for row in rows if row["visualization_passes"]]}.items():
            if members:
                yield {"block": block, "group": group, "n_channels": len(members),
                       **{pair: float(np.mean([row[pair] / row["n_images"] for row in members])) for pair in PAIRS},
                       "in_pre_none": float(np.mean([row["in_pre"] == 0 for row in members])),
                       "post_mixes": float(np.mean([row["in_post"] > 0 and row["pre_post"] > 0 for row in members]))}


def _by_block(rows: Iterable[dict]) -> dict[str, list[dict]]:
    found = defaultdict(list)
    for row in rows:
        found[row["block"]].append(row)
    return found
