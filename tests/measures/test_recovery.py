"""What rules find of what is planted, counted by hand."""

import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from scalestream.measures.recovery import recovery
from scalestream.measures.verdicts import RULES

KINDS = ["octave", "octave", "weak", "same", "none"]


def test_recall_precision_and_calls_by_kind():
    called = {"paper": [1, 0, 0, 1, 0], "circuit": [1, 1, 1, 0, 0], "both": [0, 0, 0, 0, 0]}
    verdicts = pd.DataFrame(
        {
            "network": ["planted:0", "planted:0", "planted:1", "planted:1", "planted:1"],
            "kind": KINDS,
            "scale_invariant": [kind in ("octave", "weak") for kind in KINDS],
            **dict.fromkeys(RULES, None),
            **{rule: list(map(bool, calls)) for rule, calls in called.items()},
        }
    )
    rows = {(row["rule"], row["quantity"], row["kind"]): row for row in recovery(verdicts)}
    assert {rule for rule, *_ in rows} == set(called)

    def found(*key):
        return rows[key]["count"], rows[key]["total"]

    assert [found("paper", "called", kind) for kind in ("octave", "weak", "same", "none")] == [(1, 2), (0, 1), (1, 1), (0, 1)]
    assert [found("paper", quantity, None) for quantity in ("recall", "false calls", "precision")] == [(1, 3), (1, 2), (1, 2)]
    assert [found("circuit", quantity, None) for quantity in ("recall", "false calls", "precision")] == [(3, 3), (0, 2), (3, 3)]
    assert found("both", "precision", None) == (0, 0) and rows["both", "precision", None]["share"] is None
    recall = rows["paper", "recall", None]
    assert (recall["lower"], recall["upper"]) == pytest.approx(proportion_confint(1, 3, method="wilson"))
    assert recall["share"] == pytest.approx(1 / 3) and recall["n_networks"] == 2
