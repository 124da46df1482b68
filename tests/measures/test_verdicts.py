"""Which rule calls which channel, and how far rules agree, by hand."""

import pandas as pd
import pytest

from scalestream.measures import verdicts as rules
from scalestream.measures.verdicts import agreement, is_circuit, lagged, verdicts

LAGGED = {"p_row": 1.0, "p_column": 0.05, "excess_lower": 0.1, "tolerance_lower": 0.02}
CIRCUIT = {"p_row": 1.0, "p_column": 0.05, "preferred": 0.14, "evidence": 0.1}
PASSES = {"block": "2.1", "passes": True, "normalized_gain": 0.3, "gain_rank": 0.1}


@pytest.mark.parametrize(
    ("rule", "row", "worse"),
    [
        (lagged, LAGGED, {"p_column": 0.06, "excess_lower": 0.0, "tolerance_lower": -0.01}),
        (is_circuit, CIRCUIT, {"p_column": 0.06, "preferred": 0.137, "evidence": 0.0}),
    ],
)
def test_a_measure_calls_a_channel_that_meets_all_it_asks(rule, row, worse):
    assert rule(row)
    for key, value in worse.items():
        assert not rule(row | {key: value})
        assert not rule(row | {key: None})


@pytest.mark.parametrize(
    ("channels", "rank", "called"), [(12, 1 / 12, True), (12, 2 / 12, False), (19, 1 / 19, True), (25, 2 / 25, False)]
)
def test_in_a_block_of_few_channels_the_best_of_its_column_counts(channels, rank, called):
    ranks = [rank, *[0.5] * (channels - 1), None]  # a channel without a rank is not counted
    criteria = [PASSES | {"channel": channel} for channel in range(channels + 1)]
    rows = list(
        verdicts(
            criteria,
            [LAGGED | {"channel": channel, "p_column": rank} for channel, rank in enumerate(ranks)],
            [CIRCUIT | {"channel": channel, "p_column": rank} for channel, rank in enumerate(ranks)],
        )
    )
    assert [row["both"] for row in rows] == [called] + [False] * channels


def test_every_rule_has_a_verdict_on_every_channel():
    criteria = [
        PASSES | {"channel": 0},
        PASSES | {"channel": 1, "normalized_gain": 0.1},
        PASSES | {"channel": 2, "gain_rank": 0.2},
        PASSES | {"channel": 3, "normalized_gain": None},
        PASSES | {"channel": 4, "passes": False},
    ]
    lags = [LAGGED | {"channel": channel, "excess_lower": 0.1 if channel < 4 else -1} for channel in range(5)]
    circuits = [CIRCUIT | {"channel": channel, "evidence": 0.1 if channel else -1} for channel in (4, 3, 2, 1, 0)]
    assert [tuple(row[rule] for rule in rules.RULES) for row in verdicts(criteria, lags, circuits)] == [
        (True, True, True, True, False, False),
        (True, False, True, True, True, True),
        (True, True, False, True, True, True),
        (True, False, True, True, True, True),
        (False, False, False, False, True, False),
    ]
    assert {(row["lagged"], row["circuit"], row["both"]) for row in verdicts(criteria, None, circuits[:4])} == {
        (None, True, None),
        (None, None, None),
    }


def test_agreement_by_block_and_in_all():
    table = pd.DataFrame(
        {
            "block": ["1.1", "1.1", "2.0", "2.0"],
            "paper": [True, False, True, True],
            "paper_gain": [True, False, False, False],
            "paper_rank": [False, False, False, False],
            "lagged": None,
            "circuit": [True, False, True, False],
            "both": None,
        }
    )
    rows = {(row["block"], row["rule"], row["other"]): row for row in agreement(table)}
    assert {key[0] for key in rows} == {"1.1", "2.0", "all"} and len(rows) == 3 * 6
    assert rows["1.1", "paper", "circuit"]["kappa"] == 1
    assert rows["1.1", "paper", "paper_rank"]["kappa"] is None
    both = rows["all", "paper", "circuit"]
    assert [both[key] for key in ("n_channels", "both", "rule_only", "other_only", "neither")] == [4, 2, 1, 0, 1]
    assert both["agreement"] == 0.75
    assert both["kappa"] == pytest.approx((0.75 - (3 / 4 * 2 / 4 + 1 / 4 * 2 / 4)) / (1 - 0.5))
