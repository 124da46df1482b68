"""Equation 3 and its standard error, by hand."""

import math

import pyarrow as pa
import pytest

from scalestream.ablation.ratios import mean_ratio, ratios
from scalestream.ablation.tables import ABLATION


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
    """In 2.0 no channel was ablated, and in 3.0 none could be drawn."""

    def row(block, condition, trial, percent, accuracy):
        return {
            "block": block,
            "replacement": "mean",
            "correct": b"",
            "condition": condition,
            "trial": trial,
            "scale_percent": percent,
            "n_correct": int(100 * accuracy),
            "n_images": 100,
            "accuracy": accuracy,
        }

    rows = [
        row(block, *rest)
        for block in ("2.0", "2.1", "3.0", "3.1")
        for rest in (
            ("intact", None, 0, 0.9),
            ("scale", None, 0, 0.5),
            ("scale", None, 10, 0.4),
            ("random", 0, 0, 0.5),
            ("random", 0, 10, 0.5),
            ("random", 1, 0, 0.25),
            ("random", 1, 10, 0.8),
        )
        if (block, rest[0]) not in {("2.0", "scale"), ("2.0", "random"), ("3.0", "random")}
    ]
    found = list(ratios(pa.Table.from_pylist(rows, schema=ABLATION).to_pandas()))
    assert [(row["block"], row["scale_percent"], row["mean_ratio"], row["n_trials"]) for row in found] == [
        ("2.1", 0, pytest.approx(1.5), 2),
        ("2.1", 10, pytest.approx(0.65), 2),
        ("3.1", 0, pytest.approx(1.5), 2),
        ("3.1", 10, pytest.approx(0.65), 2),
    ]
