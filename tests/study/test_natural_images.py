"""The criteria by natural images, agreement and overlap, by hand; in a whole run see test_workflow_study.py."""

import pandas as pd
import pytest

from scalestream.study.natural_images import agreement, in_common, judge_images, overlap


def response(channel, source, magnification, pre, post):
    return {"channel": channel, "source": source, "magnification": magnification, "pre": pre, "post": post}


def test_each_side_of_an_equation_is_a_mean_over_the_images():
    """Pre of -4 and 2 has a mean of -1, but that of ReLU(Pre) is 1: less than 1.5, the mean of 5 and -2."""
    rows = [
        response(3, "In", 1, -4, 2),
        response(3, "In", 1, 2, 4),
        response(3, "In", 2, 5, 9),
        response(3, "In", 2, -2, 9),
        response(3, "Pre", 1, 7, 1),
        response(3, "Pre", 1, 7, 3),
        response(3, "Pre", 2, 8, 50),
        response(3, "In", 1.5, 99, 99),
    ]
    (row,) = judge_images("2.1", rows, magnification=2, tolerance=1.6)
    assert (row["channel"], row["pre_in"], row["pre_in_scaled"], row["post_in"], row["post_pre"]) == (3, 1, 1.5, 3, 2)
    assert (row["gain"], row["ratio"], row["passes"]) == (0.5, 1.5, True)
    (row,) = judge_images("2.1", rows, magnification=2, tolerance=1.5)
    assert (row["gain_passes"], row["ratio_passes"], row["passes"]) == (True, False, False)


def test_top_images_in_common():
    names = {"layer2.0": "abc", "layer2.1.bn2": "cde", "layer2.1": "aef", "layer4.1": "abc"}
    top = [{"layer": layer, "channel": 5, "image": image} for layer, images in names.items() for image in images]
    layers = {"In": "layer2.0", "Pre": "layer2.1.bn2", "Post": "layer2.1"}
    assert in_common(layers, top) == {5: {"n_images": 3, "in_pre": 1, "in_post": 1, "pre_post": 1}}


def verdicts(block, *pairs, **common):
    return [
        {"block": block, "visualization_passes": one, "passes": other, "n_images": 9, "in_pre": 0, "in_post": 0, "pre_post": 0}
        | common
        for one, other in pairs
    ]


def test_agreement_and_cohens_kappa_by_hand():
    """Of ten: 3 both, 1 and 2 one alone, 4 neither. Chance agrees in 0.4 * 0.5 + 0.6 * 0.5 = 0.5, so kappa is 0.2 / 0.5."""
    rows = verdicts("2.1", *[(True, True)] * 3, (True, False), *[(False, True)] * 2, *[(False, False)] * 4)
    (row,) = agreement(pd.DataFrame(rows))
    assert [row[name] for name in ("n_channels", "both", "visualization_only", "natural_only", "neither")] == [10, 3, 1, 2, 4]
    assert (row["agreement"], row["kappa"]) == (pytest.approx(0.7), pytest.approx(0.4))


@pytest.mark.parametrize("pairs", [[(False, False)], [(True, True), (True, False)], [(False, True), (False, False)]])
def test_a_verdict_that_is_the_same_for_all_has_no_kappa(pairs):
    (row,) = agreement(pd.DataFrame(verdicts("2.1", *pairs)))
    assert row["kappa"] is None and row["n_channels"] == len(pairs)


def test_overlap_of_all_and_of_the_passing_channels():
    rows = [
        *verdicts("2.1", (True, False), in_pre=0, in_post=3, pre_post=6),
        *verdicts("2.1", (False, False), in_pre=9, in_post=0, pre_post=9),
        *verdicts("3.0", (False, False)),
    ]
    everything, passing, other = overlap(pd.DataFrame(rows))
    assert [(row["block"], row["group"], row["n_channels"]) for row in (everything, passing, other)] == [
        ("2.1", "all", 2),
        ("2.1", "passing", 1),
        ("3.0", "all", 1),
    ]
    assert [everything[name] for name in ("in_pre", "in_post", "pre_post", "in_pre_none", "post_mixes")] == pytest.approx(
        [1 / 2, 1 / 6, 5 / 6, 1 / 2, 1 / 2]
    )
    assert [passing[name] for name in ("in_pre", "in_post", "pre_post", "in_pre_none", "post_mixes")] == pytest.approx(
        [0, 1 / 3, 2 / 3, 1, 1]
    )
