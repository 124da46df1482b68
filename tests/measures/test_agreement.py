"""Ranks and permutations of scores, against loops and against matrices whose result is known."""

from itertools import permutations

import numpy as np
import pytest

from scalestream.measures.agreement import profile, ranks, scored


@pytest.fixture
def scores():
    return np.random.default_rng(3).normal(size=(7, 7))


def without(scores, row=None, column=None):
    """Scores in which a channel of one layer or the other has no feature."""
    result = scores.copy()
    if row is not None:
        result[row] = np.nan
    if column is not None:
        result[:, column] = np.nan
    return result


def test_channel_without_a_feature_in_any_of_the_matrices_is_left_out(scores):
    found = scored(np.stack([without(scores, row=2), scores, without(scores, column=5)]))
    assert found.tolist() == [True, True, False, True, True, False, True]


def test_feature_that_agrees_with_every_other_one_does_not_stand_out_by_it(scores):
    hub = np.arange(7.0)[:, None] * 10 + np.arange(7.0) ** 2
    assert profile(scores + hub).z == pytest.approx(profile(scores).z)
    assert profile(scores + hub).p == profile(scores).p


def test_ranks_are_those_of_a_loop(scores):
    scores = without(scores.round(1), row=3)  # with equal ones among them
    in_row, in_column = ranks(scores)
    rest = [0, 1, 2, 4, 5, 6]
    for channel in rest:
        assert in_row[channel] == sum(scores[channel, other] >= scores[channel, channel] for other in rest) / 6
        assert in_column[channel] == sum(scores[other, channel] >= scores[channel, channel] for other in rest) / 6
    assert np.isnan([in_row[3], in_column[3]]).all()


def test_profile_is_that_of_all_pairings(scores):
    means = [np.mean([scores[row, column] for row, column in enumerate(pairing)]) for pairing in permutations(range(7))]
    found = profile(scores, 40_000)
    matched = np.trace(scores) / 7
    assert (found.n_channels, found.matched) == (7, pytest.approx(matched))
    assert found.unmatched == pytest.approx((scores.sum() - np.trace(scores)) / 42)
    assert found.z == pytest.approx((matched - np.mean(means)) / np.std(means), abs=0.03)
    assert found.p == pytest.approx(np.mean(np.array(means) >= matched), abs=0.01)


def test_best_of_all_pairings_has_the_least_p():
    found = profile(np.eye(12), draws=999)
    assert (found.matched, found.unmatched, found.p) == (1, 0, 1 / 1000)
    assert found.z > 8


def test_profile_of_nothing_is_undefined():
    for scores in (np.full((3, 3), np.nan), np.ones((1, 1)), np.add.outer(np.arange(4.0) / 7, np.arange(4.0) ** 2)):
        assert np.isnan([profile(scores).z, profile(scores).p]).all()
    assert profile(np.full((3, 3), np.nan)).n_channels == 0
    assert profile(np.ones((1, 1))).matched == 1
