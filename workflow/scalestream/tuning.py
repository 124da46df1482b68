"""Which scale In, Pre and Post prefer, from their responses to magnified images (paper, section 3)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
from scipy.stats import wilcoxon

COLUMNS = ("in", "pre", "post")


def curves(responses: pa.Table) -> list[dict]:
    """Rows of the table of tuning: responses of a channel to the stimuli of one source and kind, the mean over top images."""
    place = ["block", "channel", "source", "stimulus", "magnification"]
    means = responses.group_by(place, use_threads=False).aggregate([(name, "mean") for name in COLUMNS])
    return means.rename_columns([*place, *COLUMNS]).to_pylist()


def peaks(tuning: Iterable[dict], passes: dict[tuple[str, int], bool]) -> Iterator[dict]:
    """Rows of the table of peaks: the magnification that each of In, Pre and Post answers most.

    Missing where no response is above zero; of equal ones the nearest to 1. passes: verdicts by block and channel.
    """
    found = defaultdict(list)
    for row in tuning:
        found[row["block"], row["channel"], row["source"], row["stimulus"]].append(row)
    for (block, channel, source, stimulus), rows in found.items():
        yield {"block": block, "channel": channel, "source": source, "stimulus": stimulus, "passes": passes[block, channel],
               **{f"{name}_peak": _peak(rows, name) for name in COLUMNS}}


def _peak(rows: list[dict], name: str) -> float | None:
    best = max(rows, key=lambda row: (row[name], -abs(np.log(row["magnification"])), -row["magnification"]))
    return best["magnification"] if best[name] > 0 else None


def preference(peaks: Iterable[dict]) -> Iterator[dict]:
    """Rows of the table of preference, one a block, group of channels ("all", "passing"), source and kind of stimulus.

    Medians of the peaks; of the channels with a peak at both, how many have Pre's at a larger, the same or a smaller
    magnification than In's; and p of the one-sided Wilcoxon signed-rank test of its logarithm being larger, missing without a
    difference.
    """
    groups = defaultdict(list)
    for row in peaks:
        for group in ("all", "passing") if row["passes"] else ("all",):
            groups[row["block"], group, row["source"], row["stimulus"]].append(row)
    for (block, group, source, stimulus), rows in groups.items():
        ratios = [np.log(row["pre_peak"] / row["in_peak"]) for row in rows if row["pre_peak"] and row["in_peak"]]
        signs = np.sign(np.round(ratios, 9))
        yield {"block": block, "group": group, "source": source, "stimulus": stimulus, "n_channels": len(ratios),
               "pre_larger": int((signs > 0).sum()), "equal": int((signs == 0).sum()), "pre_smaller": int((signs < 0).sum()),
               **{f"{name}_peak": _median([row[f"{name}_peak"] for row in rows]) for name in COLUMNS},
               "p": float(wilcoxon(ratios, alternative="greater").pvalue) if signs.any() else None}


def _median(values: list[float | None]) -> float | None:
    found = [value for value in values if value is not None]
    return float(np.median(found)) if found else None
