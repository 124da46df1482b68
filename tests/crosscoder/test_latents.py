"""What is read from latents, against hand computation and plain loops."""

import itertools

import numpy as np
import pytest
from scipy import stats

from scalestream.crosscoder.latents import (
    correlations,
    directions,
    invariance,
    lagged,
    matches,
    mean_largest,
    of_post,
    shifts,
    varies,
)
from scalestream.crosscoder.profiles import apart, channel_profiles, in_octaves, lags, rows

OCTAVES = [0, 0.5, 1, 1.5]
ALL = np.ones(6, dtype=bool)


def latent(of_in: dict[int, list], of_pre: dict[int, list]) -> np.ndarray:
    """(2, 4, 6), with parts at some magnifications."""
    parts = np.zeros((2, 4, 6))
    for site, given in enumerate((of_in, of_pre)):
        for factor, part in given.items():
            parts[site, factor, : len(part)] = part
    return parts


def test_lags_have_two_pairs_of_magnifications_at_least():
    assert list(lags(4)) == [-2, -1, 0, 1, 2] and in_octaves(OCTAVES).tolist() == [-1, -0.5, 0, 0.5, 1]
    assert apart(1, 4) == (slice(0, 3), slice(1, 4)) and apart(-2, 4) == (slice(2, 4), slice(0, 2))


def test_a_shift_is_the_difference_of_centroids():
    """In: energies 1 and 3 at 0 and 0.5, centroid 0.375; Pre: 4 and 4 at 0.5 and 1.5, centroid 1."""
    one = latent({0: [1], 1: [1, 1, 1]}, {1: [0, 2], 3: [2]})
    found = shifts(np.stack([one, latent({}, {0: [1]})]), OCTAVES)
    assert found[0] == pytest.approx(0.625) and np.isnan(found[1])


def test_lag_and_direction_by_hand():
    """Pre is In twice as large (two magnifications on), but for a channel that is its own: In (1, 2) and Pre (1, 2, 2), cosine
    5 / (sqrt 5 * 3)."""
    one = latent({0: [1, 2], 1: [1, 2]}, {2: [1, 2, 2], 3: [1, 2, 2]})
    opposite = one.copy()
    opposite[1] *= -1
    found = lagged(np.stack([one, opposite, latent({}, {0: [1]})]), OCTAVES, ALL, draws=200)
    assert found.lag[0] == 1 and found.direction[0] == pytest.approx(5 / (3 * 5**0.5))
    assert found.direction[1] <= 0 and np.isnan([found.lag[2], found.direction[2], found.null[2], found.p[2]]).all()
    along = directions(one[None], found.lag[:1], OCTAVES)[0]
    np.testing.assert_allclose(along, np.array([4, 8, 4, 0, 0, 0]) / 96**0.5)


def plain_lag(parts):
    """Lag and cosine by loops."""
    best = None
    for lag in range(-2, 3):
        pairs = [(parts[0, one], parts[1, one + lag]) for one in range(4) if 0 <= one + lag < 4]
        product = sum(ours @ theirs for ours, theirs in pairs)
        norms = [sum(part @ part for part in site) ** 0.5 for site in zip(*pairs)]
        if best is None or product > best[0]:
            best = product, lag / 2, product / (norms[0] * norms[1])
    return best[1:]


def test_lags_directions_and_their_null_are_those_of_plain_loops():
    """Over all permutations of the channels that vary, of which many draws are a sample."""
    parts = np.random.default_rng(0).standard_normal((3, 2, 4, 6))
    parts[1, 1] = parts[1, 0] + 0.5 * parts[1, 1]
    moved = np.array([True] * 5 + [False])
    found = lagged(parts, OCTAVES, moved, draws=4000)
    for number, part in enumerate(parts):
        lag, direction = plain_lag(part)
        assert (found.lag[number], found.direction[number]) == (lag, pytest.approx(direction))
        every = []
        for order in itertools.permutations(range(5)):
            permuted = part.copy()
            permuted[1] = part[1][:, [*order, 5]]
            every.append(plain_lag(permuted)[1])
        assert found.null[number] == pytest.approx(np.quantile(every, 0.95), abs=0.05)
        assert found.p[number] == pytest.approx(np.mean(np.array(every) >= direction - 1e-9), abs=0.03)
    assert found.direction[1] > found.null[1]


def test_p_of_directions_at_random_is_uniform():
    parts = np.random.default_rng(1).standard_normal((400, 2, 4, 6))
    found = lagged(parts, OCTAVES, ALL, draws=199)
    assert stats.kstest(found.p, "uniform").pvalue > 0.01
    assert np.mean(found.direction > found.null) == pytest.approx(0.05, abs=0.03)


def test_profiles_are_those_of_a_plain_loop():
    rng = np.random.default_rng(2)
    parts, power = rng.standard_normal((5, 2, 4, 6)), rng.random(5)
    parts[:, 0, :, 4] = 0
    found = channel_profiles(parts, power)
    for position, lag in enumerate(range(-2, 3)):
        for ours, theirs in itertools.product(range(6), range(6)):
            product = squares_in = squares_pre = 0
            for k, one in itertools.product(range(5), range(4)):
                if 0 <= one + lag < 4:
                    of_in, of_pre = parts[k, 0, one, ours], parts[k, 1, one + lag, theirs]
                    product += power[k] * of_in * of_pre
                    squares_in, squares_pre = squares_in + power[k] * of_in**2, squares_pre + power[k] * of_pre**2
            expected = product / (squares_in * squares_pre) ** 0.5 if squares_in else np.nan
            assert found[position, ours, theirs] == pytest.approx(expected, nan_ok=True)
    listed = list(rows(found, OCTAVES))
    assert listed[4]["matched"] is None and listed[4]["score"] is None and listed[4]["p_column"] is None
    best = found.max(axis=0)
    others = [best[c, 2] for c in (0, 1, 3, 5)]
    assert listed[2]["score"] == best[2, 2] and listed[2]["null"] == pytest.approx(np.quantile(others, 0.95))
    assert listed[2]["p_column"] == np.mean([best[2, 2] <= value for value in [*others, best[2, 2]]])


def test_correlations_are_those_of_a_plain_loop():
    rng = np.random.default_rng(3)
    activations, onto = rng.standard_normal((40, 2, 4, 6)), rng.standard_normal((3, 6))
    activations[:, 1, 2:] += activations[:, 0, :2]
    onto[2] = 0
    activations[..., 5] = 0.1  # which sums of many are not a multiple of
    found = correlations(activations, onto)
    for direction, value in zip(onto[:2], found):
        by_lag = []
        for lag in (1, 2):
            ours = np.concatenate([activations[:, 0, one] @ direction for one in range(4 - lag)])
            theirs = np.concatenate([activations[:, 1, one + lag] @ direction for one in range(4 - lag)])
            by_lag.append(np.corrcoef(ours, theirs)[0, 1])
        assert value == pytest.approx(max(by_lag))
    assert np.isnan(found[2]) and np.isnan(correlations(activations, np.eye(6))[5])
    assert varies(activations[:, 0, 0]).tolist() == [True] * 5 + [False]


def test_invariance_by_hand():
    """Parts (1, 0), (1, 1), (0, 2): cosines sqrt 1/2, 0, sqrt 1/2; norms 1, sqrt 2, 2."""
    parts = np.array([[[1, 0], [1, 1], [0, 2]], [[1, 0], [0, 0], [0, 1]]], dtype=float)
    alike, varies = invariance(parts)
    norms = np.array([1, 2**0.5, 2])
    assert alike[0] == pytest.approx(2**0.5 / 3) and varies[0] == pytest.approx(norms.std() / norms.mean())
    assert np.isnan(alike[1]) and varies[1] == pytest.approx(np.std([1, 0, 1]) / np.mean([1, 0, 1]))


def test_what_a_latent_adds_to_post_is_what_its_relu_lets_through():
    parts = np.array([[[[1.0, -2.0]], [[0.5, 1.0]]]])
    mean = np.array([[[1.0, 1.0]], [[-2.0, 0.5]]])
    np.testing.assert_allclose(of_post(parts, np.array([2.0]), mean), [[[2.0, -1.5]]])  # (-1 + 3)+, (1.5 - 2)+ less 0, 1.5


def test_latents_are_matched_one_to_one():
    vectors = np.linalg.qr(np.random.default_rng(4).standard_normal((6, 6)))[0]
    order = [3, 1, 0, 5, 2, 4]
    np.testing.assert_allclose(matches(vectors, vectors[order]), 1)
    assert mean_largest(vectors, vectors[order]) == pytest.approx(1)
    twice = np.vstack([vectors[:1], vectors[:1]])
    assert sorted(matches(twice, vectors[:2]).round(6)) == [0, 1]
    assert mean_largest(twice, vectors[:2]) == pytest.approx((1 + 0.5) / 2)
