"""Ratios of accuracies over trials (paper, equation 3)."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import stats


def mean_ratio(scale_accuracy: float, random_accuracies: list[float]) -> tuple[float | None, float | None, int]:
    """Eq. 3: mean of scale_accuracy / random accuracy over trials, its standard error, and the number of trials in it.

    The standard error is that of the mean with the sample standard deviation (N - 1). A trial with a random accuracy of
    zero has no ratio and is left out; without any trial the mean is None, with fewer than two the standard error is.
    """
    ratios = np.array([scale_accuracy / accuracy for accuracy in random_accuracies if accuracy > 0])
    mean = float(ratios.mean()) if len(ratios) else None
    error = float(stats.sem(ratios)) if len(ratios) > 1 else None
    return mean, error, len(ratios)


def ratios(ablation: pd.DataFrame) -> Iterator[dict]:
    """Rows of the table of ratios, one a block and scale, from the table of ablation accuracies.

    A block without a scale condition, or without a trial to compare it with, has none.
    """
    for (block, percent), rows in ablation.groupby(["block", "scale_percent"], sort=False):
        scale, random = (rows.loc[rows["condition"] == name, "accuracy"].tolist() for name in ("scale", "random"))
        if scale and random:
            mean, error, trials = mean_ratio(*scale, random)
            yield {"block": block, "scale_percent": percent, "mean_ratio": mean, "sem": error, "n_trials": trials}
