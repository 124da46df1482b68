"""How many draws of a control harm enough at no scale."""

from collections.abc import Iterator

import pandas as pd

from scalestream.study.intervals import wilson


def acceptance(candidates: pd.DataFrame) -> Iterator[dict]:
    """Rows of the table of acceptance: the share of a control's draws that harm enough at no scale, and its Wilson interval.

    candidates: the table of candidates. A screened control draws until it has its trials, which lifts the share a little.
    """
    by_control = candidates.groupby(["block", "control"], sort=False)["accepted"].agg(n_draws="size", n_accepted="sum")
    for row in by_control.reset_index().to_dict("records"):
        lower, upper = wilson(row["n_accepted"], row["n_draws"])
        yield row | {"rate": row["n_accepted"] / row["n_draws"], "lower": lower, "upper": upper}
