"""Intervals of shares against the test that they invert."""

import math

import pytest

from scalestream.study.intervals import wilson


@pytest.mark.parametrize(("count", "total"), [(0, 3), (2, 3), (3, 3), (30, 100)])
def test_wilsons_interval_is_what_the_score_test_does_not_reject(count, total):
    """At its ends the share lies 1.96 standard errors of that end away (Wilson 1927)."""
    share = count / total
    lower, upper = wilson(count, total)
    assert 0 <= lower <= share <= upper <= 1
    for end in {lower, upper} - {0.0, 1.0}:
        assert abs(share - end) == pytest.approx(1.959964 * math.sqrt(end * (1 - end) / total), rel=1e-5)
