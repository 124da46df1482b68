"""The figures of a family of networks, and of accuracy by magnification: what is drawn, by hand."""

import numpy as np
import pytest

from scalestream.figures.depth import lags_by_depth, passing_by_depth, passing_by_growth
from scalestream.figures.family_ratios import family_ratios
from scalestream.figures.family_robustness import contrasts, family_robustness
from scalestream.figures.robustness import robustness
from scalestream.study.intervals import wilson


def network(arm: str, seed: int | None = None, recipe: str | None = None) -> dict:
    return {"network": f"{arm}_{recipe}_{seed}", "arm": arm, "recipe": recipe, "seed": seed}


def test_accuracy_against_magnification_has_wilson_intervals():
    counts = {2.0: 40, 1.0: 90, 0.9: 95}
    rows = [{"magnification": m, "n_correct": n, "n_images": 100, "accuracy": n / 100} for m, n in counts.items()]
    (panel,) = robustness(rows).axes
    line = next(line for line in panel.lines if line.get_marker() == "o")
    assert line.get_xydata().tolist() == [[0.9, 0.95], [1, 0.9], [2, 0.4]]
    (intervals,) = panel.collections
    ends = [sorted(segment[:, 1]) for segment in intervals.get_segments()]
    np.testing.assert_allclose(ends, [wilson(n, 100) for n in (95, 90, 40)])
    assert panel.get_xscale() == "log" and [label.get_text() for label in panel.get_xticklabels()] == ["0.9", "1", "2"]


def test_a_familys_arms_have_a_colour_and_a_mean_of_seeds():
    accuracies = {("plain", 0): (0.9, 0.5), ("plain", 1): (0.8, 0.3), ("residual", 0): (0.9, 0.7)}
    rows = [
        network(arm, seed, recipe) | {"magnification": magnification, "accuracy": accuracy}
        for recipe in ("standard", "fixed")
        for (arm, seed), both in accuracies.items()
        for magnification, accuracy in zip((1, 2), both)
    ]
    figure = family_robustness(rows)
    one, other = figure.axes
    first, second, mean, single = one.lines
    assert mean.get_ydata().tolist() == pytest.approx([0.85, 0.4]) and single.get_ydata().tolist() == [0.9, 0.7]
    assert first.get_color() == second.get_color() == mean.get_color() != single.get_color()
    assert first.get_linewidth() < mean.get_linewidth()
    assert [panel.get_title() for panel in (one, other)] == ["standard", "fixed"] and one.get_ylim() == other.get_ylim()
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["plain", "residual"]


def contrast(magnification, difference, measure="relative", **more) -> dict:
    names = {"recipe": "standard", "arm": "residual", "reference": "plain", "n_seeds": 6, "clean_overlap": True}
    ends = {"lower": difference - 0.1, "upper": difference + 0.1, "p": 0.03125, "p_holm": 0.0625}
    return names | {"magnification": magnification, "mean_difference": difference, "measure": measure} | ends | more


def test_contrasts_have_intervals_and_the_means_p_in_the_legend():
    rows = [contrast(2, 0.2), contrast(1.4, 0.1, p_holm=0.04), contrast(None, 0.15, p_holm=None)]
    rows += [contrast(None, 0.05, "distance", clean_overlap=False, p=0.5), contrast(2, 0.05, "distance")]
    relative, logit, distance = contrasts(rows).axes
    points = {tuple(line.get_ydata()): line for line in relative.lines if len(line.get_ydata()) == 1}
    assert set(points) == {(0.2,), (0.1,), (0.15,)}
    filled = {key: line.get_markerfacecolor() == line.get_color() for key, line in points.items()}
    assert filled == {(0.2,): False, (0.1,): True, (0.15,): True}
    ends = sorted(tuple(each.get_segments()[0][:, 1].round(9)) for each in relative.collections)
    assert ends == [(0, 0.2), (0.05, 0.25), (0.1, 0.3)]
    assert [label.get_text() for label in relative.get_xticklabels()] == ["1.4", "2", "mean"]
    (said,) = relative.get_legend().get_texts()
    assert said.get_text() == "residual: p 0.031 of 6 seeds"
    assert distance.get_legend().get_texts()[0].get_text() == "residual: p 0.5 of 6 seeds, extrapolated"
    assert logit.get_legend() is None  # nothing was measured


def share(arm: str, depth: float, growth: float | None, seed: int | None = None) -> dict:
    numbers = {"share": 0.3, "expected": 0.1, "lower": 0.05, "upper": 0.2}
    return network(arm, seed) | {"depth": depth, "growth": growth} | numbers


def test_passing_shares_stand_at_their_block_beside_chance():
    rows = [share("resnet18", 0, 1.6), share("resnet18", 1, None), share("plain", 0.5, 1.5, 0), share("plain", 0.5, 1.5, 1)]
    for figure, first in ((passing_by_depth(rows), [0, 1]), (passing_by_growth(rows), [1.6])):
        one, other = figure.axes
        assert [panel.get_title() for panel in figure.axes] == ["resnet18", "plain"]
        expected, passing = one.lines
        assert passing.get_xdata().tolist() == first and set(passing.get_ydata()) == {0.3}
        assert set(expected.get_ydata()) == {0.1}
        assert [segment[:, 1].tolist() for segment in one.collections[0].get_segments()] == [[0.05, 0.2]] * len(first)
        assert len(other.lines[1].get_xdata()) == 2  # both seeds
    (panel,) = passing_by_growth([share("resnet18", 0, None)]).axes
    assert [text.get_text() for text in panel.texts] == ["no block has one"]


def test_lags_stand_at_their_block_beside_those_of_different_channels():
    lag = {"peak_lag": 0.5, "lower": 0.25, "upper": 0.75, "unmatched_lag": 0.4}
    rows = [network("a") | {"depth": depth} | lag for depth in (0, 1)]
    rows += [network("a") | {"depth": 0.5} | dict.fromkeys(lag)]  # of which no channel is decided
    (panel,) = lags_by_depth(rows).axes
    _, median, unmatched = panel.lines
    assert median.get_xydata().tolist() == [[0, 0.5], [1, 0.5]] and unmatched.get_xydata().tolist() == [[0, 0.4], [1, 0.4]]


def test_ratios_stand_at_their_magnification_beside_that_of_no_scale():
    ratios = {1: 0.99, 1.75: 0.9, 1.09: 0.97}
    rows = [
        network("a") | {"block": "2.1", "magnification": magnification, "mean_ratio": ratio, "sem": None}
        for magnification, ratio in ratios.items()
    ]
    (panel,) = family_ratios(rows).axes
    no_scale, line = panel.lines[:2]
    assert set(no_scale.get_ydata()) == {0.99} and line.get_xydata().tolist() == [[1.09, 0.97], [1.75, 0.9]]
    assert [text.get_text() for text in panel.get_legend().get_texts()] == ["block 2.1"]
    (empty,) = family_ratios([row | {"mean_ratio": None} for row in rows]).axes
    assert [text.get_text() for text in empty.texts] == ["no network has a ratio"]
