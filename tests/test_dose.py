"""Doses of ablation, by hand."""

import pytest

from scalestream import dose
from scalestream.errors import InputError
from scalestream.screening import random_channels


@pytest.mark.parametrize(("count", "points", "expected"), [
    (46, 5, [9, 18, 28, 37, 46]), (3, 8, [1, 2, 3]), (1, 1, [1]), (4, 4, [1, 2, 3, 4]), (10, 1, [10])])
def test_doses_are_evenly_spaced_up_to_all(count, points, expected):
    assert dose.doses(count, points) == expected


def test_the_highest_gain_is_ablated_first_and_random_orders_grow():
    selected = [7, 2, 9]  # the highest gain first
    found = [(each.name, each.trial, each.channels) for each in dose.conditions("2.1", selected, 24, points=3, draws=2, seed=0)]
    assert found[0] == ("intact", None, []) and len(found) == 1 + 3 * 3
    assert [channels for name, _, channels in found if name == "scale"] == [[7], [2, 7], [2, 7, 9]]
    for draw in (0, 1):
        one, two, three = (set(channels) for name, trial, channels in found if (name, trial) == ("random", draw))
        assert one < two < three and sorted(three) == random_channels("2.1", draw, selected, 24, 0)


def test_too_many_channels_for_as_many_random_ones():
    with pytest.raises(InputError, match="block 2.1: 3 of 5 channels are selected"):
        dose.conditions("2.1", [0, 1, 2], 5, points=3, draws=1, seed=0)


def test_rows_say_how_many_channels_were_ablated():
    conditions = dose.conditions("2.1", [4], 24, points=1, draws=1, seed=0)
    ablation = [{"block": "2.1", "kind": "mean", "condition": each.name, "trial": each.trial, "scale_percent": percent, "n_correct": 3,
                 "n_images": 4, "accuracy": 0.75, "correct": b""} for each in conditions for percent in (0, 10)]
    assert [(row["condition"], row["draw"], row["n_ablated"], row["scale_percent"]) for row in dose.rows(conditions, ablation)] == [
        ("intact", None, 0, 0), ("intact", None, 0, 10), ("scale", None, 1, 0), ("scale", None, 1, 10),
        ("random", 0, 1, 0), ("random", 0, 1, 10)]
