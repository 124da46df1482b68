"""Peaks of curves whose peaks are known."""

import numpy as np
import pytest

from scalestream.measures.peaks import peaks

OCTAVES = np.array([-1, -0.5, 0, 0.5, 1])


@pytest.mark.parametrize("peak", [-0.6, -0.5, 0, 0.13, 0.74])
def test_the_vertex_of_a_parabola(peak):
    assert peaks(OCTAVES, 3 - (OCTAVES - peak) ** 2) == pytest.approx(peak)


@pytest.mark.parametrize(("scores", "end"), [([5, 4, 3, 2, 1], -1), ([0, 0, 1, 2, 9], 1)])
def test_an_end_stays_where_it_is(scores, end):
    assert peaks(OCTAVES, np.array(scores, float)) == end


def test_equal_scores_have_their_first():
    assert peaks(OCTAVES, np.array([1, 2, 2, 2, 1.0])) == pytest.approx(-0.25)
    assert peaks(OCTAVES, np.zeros(5)) == -1


def test_curves_along_any_axis_and_unknown_ones():
    scores = np.random.default_rng(0).normal(size=(4, 5, 3))
    scores[2, 1, 0] = np.nan
    found = peaks(OCTAVES, scores, axis=1)
    assert found.shape == (4, 3) and np.isnan(found[2, 0]) and np.isfinite(found).sum() == 11
    assert found[3, 2] == peaks(OCTAVES, scores[3, :, 2])
