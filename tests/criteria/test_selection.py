"""Which channels are ablated, by hand."""

import pandas as pd
import pyarrow as pa
import pytest

from scalestream.criteria.equations import judge
from scalestream.criteria.selection import is_selected, passing_channels, seeds_to_ask, select, selected_channels
from scalestream.criteria.tables import CRITERIA, SELECTION


@pytest.mark.parametrize(
    ("rule", "n_passing", "n_seeds", "selected"),
    [
        ("one_seed", 1, 1, True),
        ("one_seed", 0, 1, False),
        ("majority", 2, 3, True),
        ("majority", 1, 3, False),
        ("majority", 2, 4, False),
        ("majority", 3, 4, True),
        ("majority", 1, 1, True),
        ("every_seed", 3, 3, True),
        ("every_seed", 2, 3, False),
        ("every_seed", 0, 2, False),
    ],
)
def test_the_rules(rule, n_passing, n_seeds, selected):
    assert is_selected(rule, n_passing, n_seeds) is selected


def test_the_papers_rule_asks_the_first_seed_alone():
    assert [seeds_to_ask(rule, [7, 1, 2]) for rule in ("one_seed", "majority", "every_seed")] == [[7], [7, 1, 2], [7, 1, 2]]


def judged(seed, channel, passes, gain):
    return {"block": "2.1", "channel": channel, "seed": seed, "passes": passes, "gain": gain}


VERDICTS = [
    judged(0, 0, True, 1.0),
    judged(0, 1, True, 4.0),
    judged(0, 2, False, 9.0),
    judged(1, 0, True, 3.0),
    judged(1, 1, False, -2.0),
    judged(1, 2, False, 9.0),
    judged(2, 0, True, 2.0),
    judged(2, 1, True, 7.0),
    judged(2, 2, True, 9.0),
]


def test_verdicts_are_counted_and_gains_averaged_over_the_seeds():
    assert list(select(pd.DataFrame(VERDICTS), "majority")) == [
        {"block": "2.1", "channel": 0, "n_seeds": 3, "n_passing": 3, "gain": 2.0, "selected": True},
        {"block": "2.1", "channel": 1, "n_seeds": 3, "n_passing": 2, "gain": 3.0, "selected": True},
        {"block": "2.1", "channel": 2, "n_seeds": 3, "n_passing": 1, "gain": 9.0, "selected": False},
    ]
    assert [row["channel"] for row in select(pd.DataFrame(VERDICTS), "every_seed") if row["selected"]] == [0]
    assert [row["channel"] for row in select(pd.DataFrame(VERDICTS[:3]), "one_seed") if row["selected"]] == [0, 1]


def test_measures_are_asked_of_the_table_of_verdicts():
    assert seeds_to_ask("lagged", [7, 1]) == [7]
    verdicts = pd.DataFrame({"channel": [2, 1, 0], "lagged": [True, True, False], "both": [True, False, False]})
    for rule, chosen in {"lagged": [1, 2], "both": [2]}.items():
        rows = list(select(pd.DataFrame(VERDICTS[:3]), rule, verdicts))
        assert [row["channel"] for row in rows if row["selected"]] == chosen
        assert [row["n_passing"] for row in rows] == [1, 1, 0]


def test_listed_channels_are_ablated_whether_they_pass_or_not():
    assert seeds_to_ask(None, [7, 1]) == [7]
    rows = list(select(pd.DataFrame(VERDICTS[:3]), None, listed=[1, 2]))
    assert [(row["n_passing"], row["selected"]) for row in rows] == [(1, False), (1, True), (0, True)]


def test_selected_channels_come_with_the_highest_gain_first():
    table = pa.Table.from_pylist(list(select(pd.DataFrame(VERDICTS), "majority")), schema=SELECTION)
    assert selected_channels(table) == [1, 0]


def test_passing_channels_of_a_block():
    rows = [
        judge("2.1", channel, 1.0, gain, 1.0, 1.0, 1.5) | {"in_dead_gradient": False, "seed": 0}
        for channel, gain in ((3, 2.0), (1, 2.0), (2, 0.5))
    ]
    assert passing_channels(pa.Table.from_pylist(rows, schema=CRITERIA)) == [1, 3]
