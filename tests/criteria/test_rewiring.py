"""The null of the criteria against plain loops, and against all assignments of a few channels."""

from itertools import permutations

import numpy as np
import pyarrow as pa
import pytest

from scalestream.criteria import rewiring
from scalestream.criteria.equations import judge, post_is_invariant, post_ratio, response_gain
from scalestream.criteria.evaluation import evaluate
from scalestream.criteria.responses import Answers, Responses
from scalestream.criteria.rewiring import Passes, null, passes, rewired_counts
from scalestream.criteria.tables import CRITERIA, NULL


def drawn(channels: int, seed: int = 0) -> Responses:
    """Responses with ties, zeros and negative ones among them."""
    rng = np.random.default_rng(seed)
    matrices = [np.float32(rng.integers(-3, 6, (channels, channels)) / 2) for _ in range(8)]
    before, post_in, rewired_in, scaled, of_pre, post_pre, rewired_pre, at_in = matrices
    for rewired, post in ((rewired_in, post_in), (rewired_pre, post_pre)):
        np.fill_diagonal(rewired, post.diagonal())
    return Responses(
        Answers(at_in, before, post_in, rewired_in),
        Answers(at_in, scaled, post_in),
        Answers(at_in, of_pre, post_pre, rewired_pre),
        2,
    )


@pytest.mark.parametrize("tolerance", [1.2, 1.5, 2.0])
def test_pairs_are_judged_as_in_a_double_loop(tolerance):
    responses = drawn(20)
    found = passes(responses, tolerance)
    for c in range(20):
        for other in range(20):
            gain = response_gain(float(responses.x_in.pre[c, other]), float(responses.x_in_scaled.pre[c, other]))
            ratio = post_ratio(float(responses.x_in.rewired[c, other]), float(responses.x_pre.rewired[other, c]))
            assert found.gain[c, other] == (gain > 0)
            assert found.ratio[c, other] == post_is_invariant(ratio, tolerance)
            assert found.both[c, other] == (gain > 0 and post_is_invariant(ratio, tolerance))
    rows = list(evaluate("2.1", responses, tolerance))
    for verdict, pairs in zip(("gain_passes", "ratio_passes", "passes"), found):
        assert pairs.diagonal().tolist() == [row[verdict] for row in rows] and 0 < pairs.sum() < 400


def test_gains_are_ranked_and_normalised_as_in_a_loop():
    responses = drawn(20)
    rows = list(evaluate("2.1", responses, 1.5))
    for c, row in enumerate(rows):
        of_images = [
            response_gain(float(responses.x_in.pre[image, c]), float(responses.x_in_scaled.pre[image, c]))
            for image in range(20)
        ]
        assert row["gain_rank"] == sum(gain >= row["gain"] for gain in of_images) / 20 >= 1 / 20
        peak = float(responses.x_pre.pre[c, c])
        assert row["normalized_gain"] == (row["gain"] / peak if peak > 0 else None)
        terms = (responses.x_in.pre, responses.x_in_scaled.pre, responses.x_in.post, responses.x_pre.post)
        assert judge("2.1", c, *(float(matrix[c, c]) for matrix in terms), 1.5).items() <= row.items()
    assert {row["normalized_gain"] is None for row in rows} == {True, False}
    pa.Table.from_pylist([row | {"in_dead_gradient": False, "seed": 0} for row in rows], schema=CRITERIA).validate(full=True)


def test_counts_are_distributed_as_over_all_assignments():
    pairs = np.random.default_rng(1).random((5, 5)) < 0.4
    exact = [sum(pairs[c, branches[c]] for c in range(5)) for branches in permutations(range(5))]
    counts = rewired_counts(pairs, 20000, np.random.default_rng(0))
    for count in range(6):
        share = exact.count(count) / len(exact)
        assert np.mean(counts == count) == pytest.approx(share, abs=5 * np.sqrt(share * (1 - share) / 20000))
    assert np.mean(exact) == pytest.approx(pairs.sum() / 5) == pytest.approx(counts.mean(), abs=0.05)


def test_assignments_in_parts_are_those_at_once(monkeypatch):
    pairs = np.random.default_rng(1).random((8, 8)) < 0.4
    at_once = rewired_counts(pairs, 101, np.random.default_rng(0))
    monkeypatch.setattr(rewiring, "CHUNK", 8 * 7)
    assert np.array_equal(rewired_counts(pairs, 101, np.random.default_rng(0)), at_once) and len(at_once) == 101


def test_the_null_by_hand():
    pairs = np.zeros((4, 4), bool)
    pairs[0, 0] = pairs[1, 1] = pairs[1, 2] = pairs[2, 3] = pairs[3, 0] = True
    every, none = np.ones((4, 4), bool), np.zeros((4, 4), bool)
    row = null("2.1", 7, Passes(every, pairs, pairs), 20000)
    pa.Table.from_pylist([row], schema=NULL).validate(full=True)
    assert (row["block"], row["seed"], row["n_channels"]) == ("2.1", 7, 4)
    assert (row["gain_passing"], row["gain_expected"], row["ratio_passing"], row["ratio_expected"]) == (4, 4, 2, 1.25)
    assert (row["passing"], row["expected"], row["excess"]) == (2, 1.25, 0.75)
    exact = sorted(sum(pairs[c, branches[c]] for c in range(4)) for branches in permutations(range(4)))
    assert exact == [0] * 6 + [1] * 10 + [2] * 4 + [3] * 4
    assert row["p"] == pytest.approx(8 / 24, abs=0.02) and (row["lower"], row["upper"]) == (0, 3)

    counts = rewired_counts(pairs, 20000, np.random.default_rng([7, rewiring.zlib.crc32(b"2.1")]))
    assert row["p"] == (1 + sum(int(count) >= 2 for count in counts)) / 20001
    assert null("2.1", 7, Passes(every, pairs, pairs), 20000) == row != null("3.0", 7, Passes(every, pairs, pairs), 20000)
    assert row["p"] != null("2.1", 8, Passes(every, pairs, pairs), 20000)["p"]

    row = null("2.1", 0, Passes(none, none, none), 100)
    assert (row["passing"], row["expected"], row["lower"], row["upper"], row["excess"], row["p"]) == (0, 0, 0, 0, 0, 1)
    row = null("2.1", 0, Passes(every, every, np.eye(4, dtype=bool)), 100)
    assert row["passing"] == 4 and row["expected"] == 1 and row["excess"] == 3 and row["p"] < 0.2
