"""Counts of passing channels at other thresholds, by hand and against judging anew."""

import numpy as np
import pytest

from scalestream.criteria.equations import judge
from scalestream.study.sensitivity import sensitivity, with_papers

RNG = np.random.default_rng(0)
TERMS = {
    (block, seed, channel): RNG.uniform(-1, 3, size=4) for block in ("1.1", "2.0") for seed in (5, 6) for channel in range(40)
}
CRITERIA = [
    judge(block, channel, *terms.tolist(), tolerance=1.5) | {"seed": seed} for (block, seed, channel), terms in TERMS.items()
]
MAGNIFIED = {
    (block, channel, magnification): RNG.uniform(-1, 3)
    for block in ("1.1", "2.0")
    for channel in range(40)
    for magnification in (1.25, 2, 3)
}
RESPONSES = [
    {"block": block, "channel": channel, "magnification": magnification, "pre": pre}
    for (block, channel, magnification), pre in MAGNIFIED.items()
]
NONE = {"tolerance": [], "gain_margin": [], "magnification": []}


def counts(values, tolerance=1.5):
    return {
        (row["block"], row["seed"], row["threshold"], row["value"]): row["n_passing"]
        for row in sensitivity(CRITERIA, RESPONSES, NONE | values, tolerance)
    }


@pytest.mark.parametrize("tolerance", [1.1, 1.5, 3])
def test_other_tolerances_count_as_judging_anew_does(tolerance):
    found = counts({"tolerance": [1.1, 3]})
    assert len(found) == 2 * 2 * 3
    for block, seed in (("1.1", 5), ("2.0", 6)):
        again = sum(
            judge(block, channel, *TERMS[block, seed, channel].tolist(), tolerance=tolerance)["passes"] for channel in range(40)
        )
        assert found[block, seed, "tolerance", tolerance] == again > 0
    assert len(set(found.values())) > 3


def test_margins_are_exceeded_not_met():
    rows = [
        {"block": "2.1", "seed": 0, "channel": channel, "gain": gain, "gain_passes": gain > 0, "ratio": 1.0, "pre_in": 0.0}
        for channel, gain in enumerate([-1, 0, 0.5, 1, 2])
    ]
    found = list(sensitivity(rows, [], NONE | {"gain_margin": [0.5, 1]}, 1.5))
    assert [(row["value"], row["n_passing"], row["n_channels"]) for row in found] == [(0, 3, 5), (0.5, 2, 5), (1, 1, 5)]


def test_other_magnifications_count_as_judging_anew_does_with_the_first_seed():
    found = counts({"magnification": [1.25, 3]})
    assert {seed for _, seed, *_ in found} == {5} and len(found) == 2 * 3
    for magnification in (1.25, 2, 3):
        again = 0
        for channel in range(40):
            pre_in, _, post_in, post_pre = TERMS["2.0", 5, channel].tolist()
            again += judge("2.0", channel, pre_in, MAGNIFIED["2.0", channel, magnification], post_in, post_pre, 1.5)["passes"]
        assert found["2.0", 5, "magnification", magnification] == again


def test_the_threshold_that_does_not_change_is_the_one_in_force():
    loose = counts({"gain_margin": [0.2]}, tolerance=3)
    assert loose["1.1", 5, "gain_margin", 0] == counts({"tolerance": [3]})["1.1", 5, "tolerance", 3]


def test_the_papers_value_is_among_them():
    assert with_papers("tolerance", [2, 1.1]) == [1.1, 1.5, 2]
    assert with_papers("magnification", [3, 2.0]) == [2, 3] and with_papers("gain_margin", []) == []
