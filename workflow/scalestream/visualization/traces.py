"""How the objective rose over the steps of the visualizations."""

from collections.abc import Iterator

import numpy as np


def quartiles(traces: list[list[float]]) -> Iterator[dict]:
    """Rows of the table of the objective: the quartiles over the channels at each step, which are counted from 1.

    traces: the objective of each channel by step, all of one length.
    """
    at_each_step = np.percentile(np.array(traces, dtype=np.float32), [25, 50, 75], axis=0)
    for step, (lower, median, upper) in enumerate(at_each_step.T.tolist(), start=1):
        yield {"step": step, "lower": lower, "median": median, "upper": upper, "n_channels": len(traces)}
