"""Equation 3, its standard error, and shares with their intervals, by hand."""

import math

import pyarrow as pa
import pytest

from scalestream import tables
from scalestream.statistics import acceptance, mean_ratio, ratios, stability, wilson


def test_mean_and_standard_error_by_hand():
    # ratios 0.6/0.5 = 1.2, 0.6/0.6 = 1.0, 0.6/0.75 = 0.8: mean 1, sample variance (0.04 + 0 + 0.04) / 2 = 0.04
    mean, error, trials = mean_ratio(0.6, [0.5, 0.6, 0.75])
    assert (mean, error, trials) == (pytest.approx(1), pytest.approx(0.2 / math.sqrt(3)), 3)


def test_the_mean_of_ratios_is_not_the_ratio_of_means():
    assert mean_ratio(0.5, [0.25, 1.0])[0] == pytest.approx(1.25)


def test_what_has_no_ratio_is_left_out():
    assert mean_ratio(0.5, [0.0, 0.0]) == (None, None, 0)
    assert mean_ratio(0.5, [0.0, 0.5]) == (1.0, None, 1)
    assert mean_ratio(0.0, [0.5, 0.25]) == (0.0, 0.0, 2)


def test_rows_by_block_and_scale():
    def row(block, condition, trial, percent, accuracy):
        return {"block": block, "kind": "mean", "correct": b"", "condition": condition, "trial": trial, "scale_percent": percent,
                "n_correct": int(100 * accuracy), "n_images": 100, "accuracy": accuracy}

    rows = [row(block, *rest) for block in ("2.1", "3.1") for rest in (
        ("intact", None, 0, 0.9), ("scale", None, 0, 0.5), ("scale", None, 10, 0.4),
        ("random", 0, 0, 0.5), ("random", 0, 10, 0.5), ("random", 1, 0, 0.25), ("random", 1, 10, 0.8))]
    found = list(ratios(pa.Table.from_pylist(rows, schema=tables.ABLATION)))
    assert [(row["block"], row["scale_percent"], row["mean_ratio"], row["n_trials"]) for row in found] == [
        ("2.1", 0, pytest.approx(1.5), 2), ("2.1", 10, pytest.approx(0.65), 2),
        ("3.1", 0, pytest.approx(1.5), 2), ("3.1", 10, pytest.approx(0.65), 2)]


@pytest.mark.parametrize(("count", "total"), [(0, 3), (2, 3), (3, 3), (30, 100)])
def test_wilsons_interval_is_what_the_score_test_does_not_reject(count, total):
    """At its ends the share lies 1.96 standard errors of that end away (Wilson 1927)."""
    share = count / total
    lower, upper = wilson(count, total)
    assert 0 <= lower <= share <= upper <= 1
    for end in {lower, upper} - {0.0, 1.0}:
        assert abs(share - end) == pytest.approx(1.959964 * math.sqrt(end * (1 - end) / total), rel=1e-5)


def test_stability_counts_the_seeds_that_a_channel_passes_with():
    rows = [{"block": "2.1", "channel": channel, "seed": seed, "passes": passes}
            for channel, verdicts in enumerate([(True, False, True), (False, False, False)]) for seed, passes in enumerate(verdicts)]
    one, none = stability(rows)
    assert (one["channel"], one["n_seeds"], one["n_passing"], one["share"]) == (0, 3, 2, pytest.approx(2 / 3))
    assert (one["lower"], one["upper"]) == (pytest.approx(0.2077, abs=1e-4), pytest.approx(0.9385, abs=1e-4))
    assert none["n_passing"] == 0 and none["lower"] == pytest.approx(0, abs=1e-12) and none["upper"] == pytest.approx(0.5615, abs=1e-4)


def test_acceptance_by_block_and_control():
    rows = [{"block": block, "control": control, "accepted": accepted} for block, control, accepted in (
        ("2.1", "random", True), ("2.1", "random", False), ("2.1", "random", False), ("2.1", "all", True), ("3.1", "random", True))]
    assert [(row["block"], row["control"], row["n_draws"], row["n_accepted"], row["rate"]) for row in acceptance(rows)] == [
        ("2.1", "random", 3, 1, pytest.approx(1 / 3)), ("2.1", "all", 1, 1, 1.0), ("3.1", "random", 1, 1, 1.0)]
