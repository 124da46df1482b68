"""Screening with its shortcuts against counting every draw to the end."""

import numpy as np
import pytest
import torch

from scalestream.ablation.correctness import unpacked
from scalestream.ablation.screening import SequentialScreening, most_accepted, screen


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

    def screening(channel_sets):
        numbers = [number for (number,) in channel_sets]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        passes.append(len(channel_sets))
        counts = SequentialScreening(len(channel_sets), MOST)
        for begin in range(0, ANSWERS.shape[1], batch):
            counts.add(ANSWERS[[numbers[place] for place in counts.followed], begin : begin + batch])
        return counts

    return list(screen(lambda number: [number], screening, first, wanted, limit)), passes


@pytest.mark.parametrize(
    ("first", "wanted", "limit"), [(0, 10, 60), (0, 1, 60), (7, 5, 60), (0, 40, 60), (0, 3, 4), (40, 5, 60)]
)
def test_the_shortcuts_decide_as_counting_to_the_end_does(first, wanted, limit):
    rows, passes = screened(first, wanted, limit)
    assert [{"draw": row["draw"], "accepted": row["accepted"]} for row in rows] == plain(first, wanted, limit)
    for row in rows:
        answers = ANSWERS[row["draw"]]
        if row["accepted"]:
            assert (row["n_correct"], row["n_seen"]) == (answers.sum(), 500)
            assert unpacked(row["correct"], 500).tolist() == answers.tolist()
        else:  # up to the image that decided
            assert row["n_correct"] == MOST + 1 == answers[: row["n_seen"]].sum() and answers[row["n_seen"] - 1]
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
    alone = [sum(row["accepted"] for row in rows[: sum(passes[:k])]) for k in range(len(passes))]
    assert passes[0] == 10 and sum(passes) >= len(rows) and len(passes) < 6
    for size, found, done in zip(passes[1:], alone[1:], np.cumsum(passes)):
        expected = -(-(10 - found) * done // found) if found else 2 * passes[0]
        assert size == min(expected, 60 - done)


def test_screening_gives_up_at_the_limit():
    rows, _ = screened(0, 3, 4)
    assert [row["draw"] for row in rows] == [0, 1, 2, 3] and not any(row["accepted"] for row in rows)


def test_a_draw_at_the_bound_is_followed_to_the_end_and_one_above_is_dropped():
    screening = SequentialScreening(2, most=2)
    screening.add(np.array([[True, True, False], [True, True, True]]))
    assert screening.followed.tolist() == [0] and screening.n_correct.tolist() == [2, 3]
    screening.add(np.array([[False, False]]))
    assert screening.n_seen.tolist() == [5, 3] and screening.followed.tolist() == [0]


def test_counts_of_other_draws_are_refused():
    with pytest.raises(ValueError):
        SequentialScreening(3, MOST, {"counts": [[1, 2], [5, 5]], "answers": torch.zeros(2, 5, dtype=torch.bool)})
