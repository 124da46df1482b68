"""Ratios of accuracies over trials (paper, equation 3), shares with their intervals, and quartiles of the objective."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
from scipy import stats

from scalestream.selection import by_channel


def mean_ratio(scale_accuracy: float, random_accuracies: list[float]) -> tuple[float | None, float | None, int]:
    """Eq. 3: mean of scale_accuracy / random accuracy over trials, its standard error, and the number of trials in it.

    The standard error is that of the mean with the sample standard deviation (N - 1). A trial with a random accuracy of
    zero has no ratio and is left out; without any trial the mean is None, with fewer than two the standard error is.
    """
    ratios = np.array([scale_accuracy / accuracy for accuracy in random_accuracies if accuracy > 0])
    mean = float(ratios.mean()) if len(ratios) else None
    error = float(stats.sem(ratios)) if len(ratios) > 1 else None
    return mean, error, len(ratios)


def ratios(ablation: pa.Table) -> Iterator[dict]:
    """Rows of the table of ratios, one a block and scale, from the table of ablation accuracies."""
    accuracies = defaultdict(list)
    for row in ablation.to_pylist():
        accuracies[row["block"], row["scale_percent"], row["condition"]].append(row["accuracy"])
    for block, percent, condition in list(accuracies):
        if condition == "scale":
            (scale,) = accuracies[block, percent, "scale"]
            mean, error, trials = mean_ratio(scale, accuracies[block, percent, "random"])
            yield {"block": block, "scale_percent": percent, "mean_ratio": mean, "sem": error, "n_trials": trials}


def wilson(count: int, total: int) -> tuple[float, float]:
    """The 95 % Wilson interval of a share."""
    found = stats.binomtest(count, total).proportion_ci(method="wilson")
    return float(found.low), float(found.high)


def stability(criteria: Iterable[dict]) -> Iterator[dict]:
    """Rows of the table of stability: the share of seeds that a channel passes with, and its Wilson interval.

    criteria: rows of the criteria of all seeds.
    """
    for (block, channel), rows in by_channel(criteria).items():
        n_passing, n_seeds = sum(row["passes"] for row in rows), len(rows)
        lower, upper = wilson(n_passing, n_seeds)
        yield {"block": block, "channel": channel, "n_seeds": n_seeds, "n_passing": n_passing, "share": n_passing / n_seeds,
               "lower": lower, "upper": upper}


def acceptance(candidates: Iterable[dict]) -> Iterator[dict]:
    """Rows of the table of acceptance: the share of a control's draws that harm enough at no scale, and its Wilson interval.

    candidates: rows of the candidates. A screened control draws until it has its trials, which lifts the share a little.
    """
    draws = defaultdict(list)
    for row in candidates:
        draws[row["block"], row["control"]].append(row["accepted"])
    for (block, control), accepted in draws.items():
        lower, upper = wilson(sum(accepted), len(accepted))
        yield {"block": block, "control": control, "n_draws": len(accepted), "n_accepted": sum(accepted),
               "rate": sum(accepted) / len(accepted), "lower": lower, "upper": upper}


def quartiles(traces: list[list[float]]) -> Iterator[dict]:
    """Rows of the table of the objective: the quartiles over the channels at each step, which are counted from 1.

    traces: the objective of each channel by step, all of one length.
    """
    found = np.percentile(np.array(traces, dtype=np.float32), [25, 50, 75], axis=0)
    for step, (lower, median, upper) in enumerate(found.T.tolist(), start=1):
        yield {"step": step, "lower": lower, "median": median, "upper": upper, "n_channels": len(traces)}
