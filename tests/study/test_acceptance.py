"""Shares of draws that harm enough, by hand."""

import pandas as pd
import pytest

from scalestream.ablation.tables import CANDIDATES
from scalestream.study.acceptance import acceptance


def test_acceptance_by_block_and_control():
    rows = [
        {"block": block, "control": control, "accepted": accepted}
        for block, control, accepted in (
            ("2.1", "random", True),
            ("2.1", "random", False),
            ("2.1", "random", False),
            ("2.1", "all", True),
            ("3.1", "random", True),
        )
    ]
    assert [
        (row["block"], row["control"], row["n_draws"], row["n_accepted"], row["rate"]) for row in acceptance(pd.DataFrame(rows))
    ] == [("2.1", "random", 3, 1, pytest.approx(1 / 3)), ("2.1", "all", 1, 1, 1.0), ("3.1", "random", 1, 1, 1.0)]


def test_without_draws_there_is_no_rate():
    assert list(acceptance(CANDIDATES.empty_table().to_pandas())) == []
