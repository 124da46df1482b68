"""Doses of ablation, by hand."""

import pytest

from scalestream.study import dose


@pytest.mark.parametrize(
    ("count", "points", "expected"),
    [(46, 5, [9, 18, 28, 37, 46]), (3, 8, [1, 2, 3]), (1, 1, [1]), (4, 4, [1, 2, 3, 4]), (10, 1, [10])],
)
def test_doses_are_evenly_spaced_up_to_all(count, points, expected):
    assert dose.doses(count, points) == expected


def test_the_highest_gain_is_ablated_first_and_random_orders_grow():
    ranked = [3, 5, 0, 4, 1, 2]  # the highest gain first
    found = [(each.name, each.trial, each.channels) for each in dose.conditions("2.1", ranked, points=3, draws=20, seed=0)]
    assert found[0] == ("intact", None, []) and len(found) == 1 + 3 * 21
    assert [channels for name, _, channels in found if name == "gain"] == [[3, 5], [0, 3, 4, 5], [0, 1, 2, 3, 4, 5]]
    firsts = set()
    for draw in range(20):
        two, four, six = (channels for name, trial, channels in found if (name, trial) == ("random", draw))
        assert len(two) == 2 and set(two) < set(four) and len(four) == 4 and six == [0, 1, 2, 3, 4, 5]
        firsts.add(tuple(two))
    assert len(firsts) > 5 and set(sum(firsts, ())) == set(range(6))


def test_random_orders_are_of_block_draw_and_seed():
    def orders(block, seed):
        return [
            each.channels
            for each in dose.conditions(block, [*range(24)], points=4, draws=1, seed=seed)
            if each.name == "random"
        ]

    assert orders("2.1", 0) == orders("2.1", 0)
    assert orders("2.1", 0) != orders("2.0", 0) and orders("2.1", 0) != orders("2.1", 1)


def test_rows_say_how_many_channels_were_ablated():
    conditions = dose.conditions("2.1", [0], points=1, draws=1, seed=0)
    ablation = [
        {
            "block": "2.1",
            "replacement": "mean",
            "condition": each.name,
            "trial": each.trial,
            "scale_percent": percent,
            "n_correct": 3,
            "n_images": 4,
            "accuracy": 0.75,
            "correct": b"",
        }
        for each in conditions
        for percent in (0, 10)
    ]
    assert [
        (row["condition"], row["draw"], row["n_ablated"], row["scale_percent"]) for row in dose.rows(conditions, ablation)
    ] == [
        ("intact", None, 0, 0),
        ("intact", None, 0, 10),
        ("gain", None, 1, 0),
        ("gain", None, 1, 10),
        ("random", 0, 1, 0),
        ("random", 0, 1, 10),
    ]
