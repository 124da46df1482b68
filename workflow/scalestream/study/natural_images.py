"""The criteria by natural images in place of visualizations, and the top images that layers share (paper, section 8)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from scalestream.criteria.concordance import concordance
from scalestream.criteria.equations import judge

PAIRS = {"in_pre": ("In", "Pre"), "in_post": ("In", "Post"), "pre_post": ("Pre", "Post")}


def judge_images(block: str, responses: Iterable[dict], magnification: float, tolerance: float) -> Iterator[dict]:
    """Eq. 1 and 2 for every channel of a block, each side of an equation a mean over the channel's top images: those of In in
    the place of X_In, those of Pre in that of X_Pre.

    responses: rows of that table, of top images. Yields rows as `equations.judge`, whose pre_in is the mean of ReLU(Pre).
    """
    responses_to = defaultdict(list)
    for row in responses:
        for term in ("pre", "post"):
            responses_to[row["channel"], row["source"], row["magnification"], term].append(row[term])
    for channel in sorted({channel for channel, *_ in responses_to}):
        pre_in = np.maximum(responses_to[channel, "In", 1, "pre"], 0)
        others = [("In", magnification, "pre"), ("In", 1, "post"), ("Pre", 1, "post")]
        means = [pre_in.mean(), *(np.mean(responses_to[channel, *other]) for other in others)]
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
    return {
        channel: {
            "n_images": len(of_channel["In"]),
            **{pair: len(of_channel[one] & of_channel[other]) for pair, (one, other) in PAIRS.items()},
        }
        for channel, of_channel in top.items()
    }


def agreement(natural: pd.DataFrame) -> Iterator[dict]:
    """Rows of the table of agreement, one a block: verdicts by visualizations against those by natural images, and Cohen's
    kappa, which is missing where a verdict is the same for all channels.

    natural: the table of the natural criteria.
    """
    for block, rows in natural.groupby("block", sort=False):
        compared = concordance(rows["visualization_passes"], rows["passes"])
        names = {"first_only": "visualization_only", "second_only": "natural_only"}
        yield {"block": block, "n_channels": len(rows)} | {names.get(key, key): value for key, value in compared.items()}


def overlap(natural: pd.DataFrame) -> Iterator[dict]:
    """Rows of the table of overlap, one a block and group of channels: "all", or "passing" by visualizations.

    Mean shares of the top images that layers have in common; the share of channels whose In and Pre have none in common; and
    that of channels whose Post has some of In's and some of Pre's (paper, section 3). natural: as for `agreement`.
    """
    for block, rows in natural.groupby("block", sort=False):
        for group, members in {"all": rows, "passing": rows[rows["visualization_passes"]]}.items():
            if len(members):
                yield {
                    "block": block,
                    "group": group,
                    "n_channels": len(members),
                    **{pair: (members[pair] / members["n_images"]).mean() for pair in PAIRS},
                    "in_pre_none": (members["in_pre"] == 0).mean(),
                    "post_mixes": ((members["in_post"] > 0) & (members["pre_post"] > 0)).mean(),
                }
