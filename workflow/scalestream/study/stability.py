"""How many seeds of feature visualization a channel passes with."""

from collections.abc import Iterator

import pandas as pd

from scalestream.study.intervals import wilson


def stability(criteria: pd.DataFrame) -> Iterator[dict]:
    """Rows of the table of stability: the share of seeds that a channel passes with, and its Wilson interval.

    criteria: the table of criteria, of all seeds.
    """
    by_channel = criteria.groupby(["block", "channel"], sort=False)["passes"].agg(n_seeds="size", n_passing="sum")
    for row in by_channel.reset_index().to_dict("records"):
        lower, upper = wilson(row["n_passing"], row["n_seeds"])
        yield row | {"share": row["n_passing"] / row["n_seeds"], "lower": lower, "upper": upper}
