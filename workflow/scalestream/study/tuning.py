"""Which scale In, Pre and Post prefer, from their responses to magnified images (paper, section 3)."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.stats import wilcoxon

COLUMNS = ("in", "pre", "post")
PEAKS = [f"{name}_peak" for name in COLUMNS]
STIMULI = ["source", "stimulus"]


def curves(responses: pa.Table) -> list[dict]:
    """Rows of the table of tuning: responses of a channel to the stimuli of one source and kind, the mean over top images."""
    keys = ["block", "channel", "source", "stimulus", "magnification"]
    means = responses.group_by(keys, use_threads=False).aggregate([(name, "mean") for name in COLUMNS])
    return means.rename_columns([*keys, *COLUMNS]).to_pylist()


def peaks(tuning: pd.DataFrame, passes: dict[tuple[str, int], bool]) -> Iterator[dict]:
    """Rows of the table of peaks: the magnification that each of In, Pre and Post answers most.

    Missing where no response is above zero; of equal ones the nearest to 1. tuning: that table. passes: verdicts by block and
    channel.
    """
    for (block, channel, source, stimulus), rows in tuning.groupby(["block", "channel", *STIMULI], sort=False):
        yield {
            "block": block,
            "channel": channel,
            "source": source,
            "stimulus": stimulus,
            "passes": passes[block, channel],
            **{f"{name}_peak": _peak(rows["magnification"].tolist(), rows[name].tolist()) for name in COLUMNS},
        }


def _peak(magnifications: list[float], responses: list[float]) -> float | None:
    response, _, magnification = max(
        (response, -abs(np.log(factor)), -factor) for factor, response in zip(magnifications, responses)
    )
    return -magnification if response > 0 else None


def preference(peaks: pd.DataFrame) -> Iterator[dict]:
    """Rows of the table of preference, one a block, group of channels ("all", "passing"), source and kind of stimulus.

    Medians of the peaks; of the channels with a peak at both, how many have Pre's at a larger, the same or a smaller
    magnification than In's; and p of the one-sided Wilcoxon signed-rank test of its logarithm being larger, missing without a
    difference. peaks: that table.
    """
    peaks = peaks.astype(dict.fromkeys(PEAKS, float))
    groups = pd.concat([peaks.assign(group="all"), peaks[peaks["passes"]].assign(group="passing")])
    groups = groups.sort_index(kind="stable")  # as the channels come
    for (block, group, source, stimulus), rows in groups.groupby(["block", "group", *STIMULI], sort=False):
        octaves = np.log((rows["pre_peak"] / rows["in_peak"]).dropna())
        signs = np.sign(octaves.round(9))
        medians = rows[PEAKS].median()
        yield {
            "block": block,
            "group": group,
            "source": source,
            "stimulus": stimulus,
            "n_channels": len(octaves),
            "pre_larger": int((signs > 0).sum()),
            "equal": int((signs == 0).sum()),
            "pre_smaller": int((signs < 0).sum()),
            **medians.astype(object).where(medians.notna(), None).to_dict(),
            "p": float(wilcoxon(octaves, alternative="greater").pvalue) if signs.any() else None,
        }
