"""Random draws of channels: from where they are drawn, and what they depend on."""

import numpy as np
import pytest

from scalestream.ablation.draws import NEIGHBOURS, draw_channels, matched_channels, obstacle, random_channels, random_order


def test_draws_are_fixed_by_block_number_and_seed():
    passing = [0, 3, 5]
    draws = [random_channels("2.1", number, passing, 24, seed=0) for number in range(200)]
    assert draws == [random_channels("2.1", number, passing, 24, seed=0) for number in range(200)]
    assert all(len(set(draw)) == 3 and draw == sorted(draw) and not set(draw) & set(passing) for draw in draws)
    assert len(set(map(tuple, draws))) > 150
    counts = np.bincount(np.concatenate(draws), minlength=24)
    assert counts[[c for c in range(24) if c not in passing]].min() > 10
    assert (
        random_channels("3.1", 0, passing, 24, seed=0) != draws[0] or random_channels("3.1", 1, passing, 24, seed=0) != draws[1]
    )
    assert random_channels("2.1", 0, passing, 24, seed=1) != draws[0]


@pytest.mark.parametrize("control", ["random", "unscreened", "matched", "all"])
def test_none_and_more_than_half_of_the_channels_cannot_be_compared_with_draws(control):
    assert obstacle(control, [], 5) == "no channel passes"
    assert obstacle(control, [0, 4], 4) is None
    few = None if control == "all" else "3 of 5 channels ablated: too few others"
    assert obstacle(control, [0, 1, 2], 5) == few


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
    difference = {
        control: np.mean(
            [
                abs(np.mean([MEANS[channel] for channel in draw_channels(control, "2.1", number, [1, 6], MEANS, 0)]) - 5)
                for number in range(100)
            ]
        )
        for control in ("matched", "random")
    }
    assert difference["matched"] < difference["random"] / 3, difference


def test_matching_does_not_run_out_where_all_others_are_drawn():
    assert matched_channels("2.1", 0, [0, 1], [0.0, 0.1, 5.0, 6.0], seed=0) == [2, 3]


def test_controls_draw_from_where_they_should():
    draws = {
        control: [draw_channels(control, "2.1", number, [1, 6], MEANS, 0) for number in range(300)]
        for control in ("random", "unscreened", "matched", "all")
    }
    assert draws["random"] == draws["unscreened"]
    assert all(len(set(draw)) == 2 and draw == sorted(draw) for found in draws.values() for draw in found)
    assert set(np.concatenate(draws["all"])) == set(range(14))
    assert set(np.concatenate(draws["random"])) == set(range(14)) - {1, 6}
