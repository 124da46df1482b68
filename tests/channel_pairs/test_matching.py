"""Matches of channels, their ranks and how many are more than chance, against plain loops and on random pairings."""

from itertools import permutations

import numpy as np
import pytest

from scalestream.channel_pairs.judging import EarlierChannels, MatchedChannels, best, judge
from scalestream.channel_pairs.matching import LEVEL, best_matches, count, ranks
from scalestream.channel_pairs.measurement import Answers

CHANNELS = 25


def test_a_match_has_the_gain_that_is_most_its_own():
    """The second later channel likes whatever is large, and the third only what is like the first image."""
    gains = np.array([[-1.0, 9.0, 2.0, 0.0], [-2.0, 9.5, 0.1, 0.0], [-1.0, 8.0, 0.2, 0.0], [-3.0, -1.0, -1.0, 0.0]])
    found = best_matches(gains)
    assert found.channel.tolist() == [2, 1, 1, -1]
    of_third = gains[:, 2]
    assert found.score[0] == pytest.approx((2 - of_third.mean()) / of_third.std())


def test_ranks_equal_a_plain_count():
    returns = np.random.default_rng(0).integers(0, 5, (7, 9)) / 4  # with ties
    expected = [[sum(other >= value for other in row) for value in row] for row in returns]
    assert ranks(returns).tolist() == expected


def test_a_count_equals_that_of_all_assignments():
    rng = np.random.default_rng(1)
    own, ranked = np.array([0, 2, 3, 7, 21]), np.stack([rng.permutation(20 * 2) + 1 for _ in range(5)])
    ranked[0, 0] = ranked[1, 3] = ranked[2, 3] = ranked[3, 7] = 1
    counts = [sum(ranked[row, own[place]] <= LEVEL * 40 for row, place in enumerate(order)) for order in permutations(range(5))]
    found = count(ranked, own, "a-b", 20_000)
    assert found["matched"] == counts[0] == 3 and found["expected"] == pytest.approx(np.mean(counts))
    assert found["p"] == pytest.approx(np.mean(np.array(counts) >= counts[0]), abs=0.01)
    assert (found["lower"], found["upper"]) == tuple(np.percentile(counts, [2.5, 97.5]))


def random_pair(rng: np.random.Generator) -> tuple[list[dict], dict]:
    """Channels whose answers have nothing to do with the answers to their matches' images; both vary as in networks, some
    channels and images more than others."""
    shape = (CHANNELS, 30)
    scale = np.exp(rng.normal(size=shape[0]))[:, None] * np.exp(rng.normal(size=shape[1]))
    answers = Answers(rng.normal(size=shape) * scale, rng.normal(size=shape) * scale)
    earlier = EarlierChannels(np.exp(rng.normal(size=CHANNELS)), np.arange(CHANNELS), answers)
    returns = {match: rng.normal(size=CHANNELS) + rng.normal() for match in range(shape[1])}
    later = MatchedChannels(dict.fromkeys(range(shape[1]), 1.0), returns)
    return judge(("a", "b"), earlier, later, [], 100)


def test_under_random_pairing_ranks_are_uniform_and_counts_as_expected():
    rng = np.random.default_rng(2)
    pairs = [random_pair(rng) for _ in range(400)]
    found = np.array([row["rank"] for rows, _ in pairs for row in rows])
    of_rank = np.bincount(found, minlength=CHANNELS + 1)[1:]
    expected = len(found) / CHANNELS
    assert of_rank.sum() == 400 * CHANNELS and ((of_rank - expected) ** 2 / expected).sum() < 56  # chi2, 24 degrees, p .0002
    counts, means = zip(*((row["matched"], row["expected"]) for _, row in pairs))
    assert np.mean(counts) == pytest.approx(1, abs=0.15) and np.mean(means) == pytest.approx(1, abs=0.05)
    assert np.mean([row["p"] <= 0.05 for _, row in pairs]) < 0.08


def test_a_silent_channel_and_a_silent_match_are_not_compared():
    answers = Answers(np.zeros((3, 2)), np.array([[5.0, 0.0], [1.0, 4.0], [9.0, 9.0]]))
    earlier = EarlierChannels(np.array([1.0, 2.0, 1.0]), np.array([0, 1]), answers)
    later = MatchedChannels({0: 10.0}, {0: np.array([0.4, 1.2, 9.0]), 1: np.zeros(3)})
    rows, counts = judge(("a", "b"), earlier, later, [], 100)
    assert [row.get("match") for row in rows] == [0, 1, None] and [row.get("rank") for row in rows] == [2, None, None]
    assert rows[0]["normalized_gain"] == 0.5 and rows[0]["return_gain"] == 0.4  # of the other it is 1.2 / 2
    assert rows[1]["normalized_gain"] is None and counts["n_compared"] == 1 and counts["n_channels"] == 3
    assert [row["channel"] for row in best(rows, 6)] == [0]


def test_no_match_at_all_is_a_result():
    earlier = EarlierChannels(np.ones(2), np.arange(2), Answers(np.ones((2, 3)), np.zeros((2, 3))))
    rows, counts = judge(("a", "b"), earlier, MatchedChannels({}, {}), [], 100)
    assert rows == [{"earlier": "a", "later": "b", "channel": channel} for channel in (0, 1)]
    assert (counts["n_compared"], counts["matched"], counts["expected"], counts["p"]) == (0, 0, 0, 1)
