"""Random draws, and screening with its shortcuts against counting every draw to the end."""

import numpy as np
import pytest
import torch

from scalestream.answers import packed, unpacked
from scalestream.errors import InputError
from scalestream.screening import (NEIGHBOURS, Tally, draw_channels, matched_channels, most_accepted, random_channels, random_order,
                                   screen)


def test_draws_are_fixed_by_block_number_and_seed():
    passing = [0, 3, 5]
    draws = [random_channels("2.1", number, passing, 24, seed=0) for number in range(200)]
    assert draws == [random_channels("2.1", number, passing, 24, seed=0) for number in range(200)]
    assert all(len(set(draw)) == 3 and draw == sorted(draw) and not set(draw) & set(passing) for draw in draws)
    assert len(set(map(tuple, draws))) > 150
    counts = np.bincount(np.concatenate(draws), minlength=24)
    assert counts[[c for c in range(24) if c not in passing]].min() > 10
    assert random_channels("3.1", 0, passing, 24, seed=0) != draws[0] or \
        random_channels("3.1", 1, passing, 24, seed=0) != draws[1]
    assert random_channels("2.1", 0, passing, 24, seed=1) != draws[0]


def test_too_few_channels_to_draw_from():
    with pytest.raises(InputError, match="block 2.1: 3 of 5 channels are selected"):
        random_channels("2.1", 0, [0, 1, 2], 5, seed=0)


def test_random_orders_are_of_all_channels_and_differ():
    orders = [random_order("2.1", number, 24, seed=0) for number in range(50)]
    assert all(sorted(order) == [*range(24)] for order in orders) and len(set(map(tuple, orders))) == 50


MEANS = [0.0, 1.0, 1.1, 0.9, 1.2, 0.8, 9.0, 9.5, 8.5, 10.0, 8.0, 30.0, 31.0, 40.0]  # three clusters; 0 and the last are far off


def test_matched_channels_are_of_like_mean_activation():
    """Channels 1 and 6 are selected: the five nearest to 1 are 0, 2, 3, 4 and 5, those to 9 are 7, 8, 9, 10 and 4."""
    draws = [matched_channels("2.1", number, [1, 6], MEANS, seed=0) for number in range(300)]
    assert draws == [matched_channels("2.1", number, [1, 6], MEANS, seed=0) for number in range(300)]
    assert all(len(set(draw)) == 2 and draw == sorted(draw) for draw in draws)
    assert set(np.concatenate(draws)) == {0, 2, 3, 4, 5, 7, 8, 9, 10} and NEIGHBOURS == 5
    difference = {control: np.mean([abs(np.mean([MEANS[channel] for channel in draw_channels(
        control, "2.1", number, [1, 6], MEANS, 0)]) - 5) for number in range(100)]) for control in ("matched", "random")}
    assert difference["matched"] < difference["random"] / 3, difference


def test_matching_does_not_run_out_where_all_others_are_drawn():
    assert matched_channels("2.1", 0, [0, 1], [0.0, 0.1, 5.0, 6.0], seed=0) == [2, 3]
    with pytest.raises(InputError, match="block 2.1: 3 of 4 channels are selected"):
        matched_channels("2.1", 0, [0, 1, 2], [0.0, 0.1, 5.0, 6.0], seed=0)


def test_controls_draw_from_where_they_should():
    draws = {control: [draw_channels(control, "2.1", number, [1, 6], MEANS, 0) for number in range(300)]
             for control in ("random", "unscreened", "matched", "all")}
    assert draws["random"] == draws["unscreened"]
    assert all(len(set(draw)) == 2 and draw == sorted(draw) for found in draws.values() for draw in found)
    assert set(np.concatenate(draws["all"])) == set(range(14))
    assert set(np.concatenate(draws["random"])) == set(range(14)) - {1, 6}


@pytest.mark.parametrize("count", [1, 8, 13])
def test_answers_are_unpacked_as_they_were_packed(count):
    correct = np.random.default_rng(0).random(count) < 0.5
    assert unpacked(packed(correct), count).tolist() == correct.tolist() and len(packed(correct)) == -(-count // 8)


@pytest.mark.parametrize(("slack", "most"), [(0, 100), (0.01, 110), (0.007, 107), (0.0079, 107), (1, 1100)])
def test_the_most_that_is_accepted_is_exact(slack, most):
    assert most_accepted(100, 1000, slack) == most


ANSWERS = np.random.default_rng(0).random((60, 500)) < np.linspace(0.4, 0.7, 60)[::-1, None]  # draws x images
MOST = 270


def plain(first: int, wanted: int, limit: int) -> list[dict]:
    """Every draw counted to the end, one after the other, until enough are accepted."""
    rows = []
    for draw in range(first, limit):
        if sum(row["accepted"] for row in rows) == wanted:
            break
        rows.append({"draw": draw, "accepted": int(ANSWERS[draw].sum()) <= MOST})
    return rows


def screened(first: int, wanted: int, limit: int, batch: int = 32) -> tuple[list[dict], list[int]]:
    """The rows of `screen`, and how many draws each of its passes took."""
    passes = []

    def tally(numbers, sets):
        assert [[number] for number in numbers] == sets
        passes.append(len(sets))
        counts = Tally(len(sets), MOST)
        for begin in range(0, ANSWERS.shape[1], batch):
            counts.add(ANSWERS[[sets[place][0] for place in counts.followed], begin:begin + batch])
        return counts

    return list(screen(lambda number: [number], tally, first, wanted, limit)), passes


@pytest.mark.parametrize(("first", "wanted", "limit"), [(0, 10, 60), (0, 1, 60), (7, 5, 60), (0, 40, 60), (0, 3, 4), (40, 5, 60)])
def test_the_shortcuts_decide_as_counting_to_the_end_does(first, wanted, limit):
    rows, passes = screened(first, wanted, limit)
    assert [{"draw": row["draw"], "accepted": row["accepted"]} for row in rows] == plain(first, wanted, limit)
    for row in rows:
        answers = ANSWERS[row["draw"]]
        if row["accepted"]:
            assert (row["n_correct"], row["n_seen"]) == (answers.sum(), 500)
            assert unpacked(row["correct"], 500).tolist() == answers.tolist()
        else:  # up to the image that decided
            assert row["n_correct"] == MOST + 1 == answers[:row["n_seen"]].sum() and answers[row["n_seen"] - 1]
            assert row["correct"] is None
    assert len(passes) <= 5


@pytest.mark.parametrize("batch", [1, 7, 500])
def test_rows_do_not_depend_on_the_size_of_batches(batch):
    assert screened(0, 10, 60, batch)[0] == screened(0, 10, 60)[0]


def test_rows_do_not_depend_on_ranges():
    whole, _ = screened(0, 8, 60)
    begun, _ = screened(0, 3, 60)
    more, _ = screened(begun[-1]["draw"] + 1, 5, 60)
    assert begun + more == whole


def test_a_pass_takes_as_many_draws_as_should_do():
    rows, passes = screened(0, 10, 60)
    alone = [sum(row["accepted"] for row in rows[:sum(passes[:k])]) for k in range(len(passes))]
    assert passes[0] == 10 and sum(passes) >= len(rows) and len(passes) < 6
    for size, found, done in zip(passes[1:], alone[1:], np.cumsum(passes)):
        expected = -(-(10 - found) * done // found) if found else 2 * passes[0]
        assert size == min(expected, 60 - done)


def test_screening_gives_up_at_the_limit():
    rows, _ = screened(0, 3, 4)
    assert [row["draw"] for row in rows] == [0, 1, 2, 3] and not any(row["accepted"] for row in rows)


def test_a_draw_at_the_bound_is_followed_to_the_end_and_one_above_is_dropped():
    tally = Tally(2, most=2)
    tally.add(np.array([[True, True, False], [True, True, True]]))
    assert tally.followed.tolist() == [0] and tally.n_correct.tolist() == [2, 3]
    tally.add(np.array([[False, False]]))
    assert tally.n_seen.tolist() == [5, 3] and tally.followed.tolist() == [0]


def test_counts_of_other_draws_are_refused():
    with pytest.raises(ValueError):
        Tally(3, MOST, {"counts": [[1, 2], [5, 5]], "answers": torch.zeros(2, 5, dtype=torch.bool)})
