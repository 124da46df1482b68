"""The figures of a study: what is drawn, by hand."""

import pytest

from scalestream.figures.acceptance import acceptance
from scalestream.figures.dose import dose_response
from scalestream.figures.effects import effects
from scalestream.figures.lesions import lesions
from scalestream.figures.natural_images import natural_images, overlap
from scalestream.figures.sensitivity import sensitivity
from scalestream.figures.stability import stability
from scalestream.figures.tuning import tuning


def test_stability_shows_the_channels_that_pass_with_some_seed():
    rows = [
        {"block": "2.1", "channel": channel, "n_seeds": 4, "n_passing": n, "share": n / 4, "lower": n / 8, "upper": 1 - n / 16}
        for channel, n in enumerate([0, 2, 4, 0, 1])
    ]
    (panel,) = stability(rows).axes
    assert panel.lines[0].get_ydata().tolist() == [1.0, 0.5, 0.25]
    assert [segment[:, 1].tolist() for segment in panel.collections[0].get_segments()] == [
        [0.5, 0.75],
        [0.25, 0.875],
        [0.125, 0.9375],
    ]
    assert panel.get_title().endswith("every seed 1, some 2, none 2")
    (panel,) = stability([rows[0]]).axes
    assert panel.get_title().endswith("every seed 0, some 0, none 1")


def test_sensitivity_shows_each_seed_and_their_mean_beside_the_papers_value():
    rows = [
        {"block": "2.1", "seed": seed, "threshold": "tolerance", "value": value, "n_passing": passing, "n_channels": 10}
        for seed, counts in ((0, (1, 2, 6)), (1, (3, 4, 6)))
        for value, passing in zip((1.1, 1.5, 3), counts)
    ]
    rows += [
        {"block": "2.1", "seed": 0, "threshold": "magnification", "value": value, "n_passing": 5, "n_channels": 10}
        for value in (2, 3)
    ]
    first, second = sensitivity(rows).axes
    *seeds, mean, papers = first.lines
    assert [line.get_ydata().tolist() for line in seeds] == [[0.1, 0.2, 0.6], [0.3, 0.4, 0.6]]
    assert mean.get_ydata() == pytest.approx([0.2, 0.3, 0.6]) and mean.get_label() == "block 2.1"
    assert [panel.lines[-1].get_xdata()[0] for panel in (first, second)] == [1.5, 2] and papers.get_label() == "the paper's"
    assert len(second.lines) == 2 and "magnification" in second.get_xlabel()


def test_acceptance_has_its_interval_and_counts():
    rows = [
        {
            "block": "2.1",
            "control": control,
            "n_draws": 40,
            "n_accepted": accepted,
            "rate": accepted / 40,
            "lower": 0.1,
            "upper": 0.9,
        }
        for control, accepted in (("random", 10), ("matched", 30))
    ]
    empty, panel = acceptance(rows, {"2.0": "no channel passes", "2.1": None}).axes
    assert [text.get_text() for text in empty.texts] == ["no channel passes"] and not empty.containers
    assert [text.get_text() for text in panel.texts] == ["10 of 40", "30 of 40"]
    assert [label.get_text() for label in panel.get_xticklabels()] == ["random", "matched"]
    points, _, (bars,) = panel.containers[0]
    assert points.get_ydata().tolist() == [0.25, 0.75]
    assert [segment[:, 1].tolist() for segment in bars.get_segments()] == [pytest.approx([0.1, 0.9])] * 2


def test_a_dose_begins_at_the_intact_network():
    def row(condition, draw, ablated, accuracy, percent=0):
        return {
            "block": "2.1",
            "condition": condition,
            "draw": draw,
            "n_ablated": ablated,
            "scale_percent": percent,
            "accuracy": accuracy,
        }

    rows = [
        row("intact", None, 0, 0.9),
        row("gain", None, 2, 0.5),
        row("gain", None, 4, 0.3),
        row("random", 0, 2, 0.8),
        row("random", 0, 4, 0.6),
        row("random", 1, 2, 0.6),
        row("random", 1, 4, 0.6),
    ]
    (panel,) = dose_response(rows).axes
    assert [list(line.get_xdata()) for line in panel.lines] == [[0, 2, 4]] * 4
    draws, mean, scale = panel.lines[:2], panel.lines[2], panel.lines[3]
    assert [list(line.get_ydata()) for line in draws] == [[0.9, 0.8, 0.6], [0.9, 0.6, 0.6]]
    assert mean.get_ydata() == pytest.approx([0.9, 0.7, 0.6]) and mean.get_linestyle() == "--"
    assert list(scale.get_ydata()) == [0.9, 0.5, 0.3] and scale.get_linestyle() == "-"


def test_verdicts_are_stacked_under_their_kappa():
    rows = [
        {"block": "2.1", "n_channels": 24, "both": 2, "visualization_only": 3, "natural_only": 1, "kappa": 0.4321},
        {"block": "3.0", "n_channels": 32, "both": 0, "visualization_only": 0, "natural_only": 0, "kappa": None},
    ]
    (panel,) = natural_images(rows).axes
    heights = {bars.get_label(): [bar.get_height() for bar in bars] for bars in panel.containers}
    assert heights == {"both": [2, 0], "visualizations only": [3, 0], "natural images only": [1, 0]}
    assert [text.get_text() for text in panel.texts] == ["κ 0.43", "no kappa"] and panel.texts[0].xy == (0, 6)


def test_overlap_of_blocks_without_passing_channels():
    def row(block, group, *shares):
        return {"block": block, "group": group, "n_channels": 3} | dict(zip(("in_pre", "in_post", "pre_post"), shares))

    (panel,) = overlap(
        [row("2.1", "all", 0.1, 0.5, 0.4), row("2.1", "passing", 0, 0.3, 0.2), row("3.0", "all", 0.2, 0.6, 0.7)]
    ).axes
    heights = {bars.get_label(): [bar.get_height() for bar in bars] for bars in panel.containers}
    assert heights == {
        "In and Pre": [0.1, 0.2],
        "In and Post": [0.5, 0.6],
        "Pre and Post": [0.4, 0.7],
        "In and Pre, passing": [0],
        "In and Post, passing": [0.3],
        "Pre and Post, passing": [0.2],
    }
    assert [label.get_text() for label in panel.get_xticklabels()] == ["2.1\n3 of 3 pass", "3.0\n0 of 3 pass"]
    (panel,) = overlap([row("3.0", "all", 0.2, 0.6, 0.7)]).axes
    assert len(panel.containers) == 3


def test_tuning_has_medians_and_counts_for_each_kind_of_stimulus():
    def row(block, group, stimulus, *peaks):
        return {
            "block": block,
            "group": group,
            "source": "In",
            "stimulus": stimulus,
            "pre_larger": 5,
            "equal": 2,
            "pre_smaller": 1,
        } | dict(zip(("in_peak", "pre_peak", "post_peak"), peaks))

    found = tuning(
        [
            row("2.1", "all", "visualization", 1, 2, 1.4),
            row("2.1", "passing", "visualization", 1, 2, None),
            row("3.0", "all", "image", None, None, None),
        ]
    )
    first, second = found.axes
    points = [(line.get_ydata()[0], line.get_markerfacecolor()) for line in first.lines if len(line.get_ydata())]
    assert [value for value, _ in points] == [1, 1, 2, 2, 1.4] and [face == "none" for _, face in points] == [
        True,
        False,
        True,
        False,
        True,
    ]
    assert [text.get_text() for text in first.texts] == ["5:2:1"] and not any(len(line.get_ydata()) for line in second.lines)
    assert [panel.get_title() for panel in (first, second)] == ["visualizations at In", "top images of In"]


def effect(percent, ratio, p_images=None, p_sets=None, block="2.1", control="random", replacement="mean"):
    some = None if ratio is None else 0.01
    return {
        "block": block,
        "replacement": replacement,
        "control": control,
        "scale_percent": percent,
        "ratio": ratio,
        "sem": some,
        "ratio_lower": ratio and ratio - 0.02,
        "ratio_upper": ratio and ratio + 0.03,
        "p_images_holm": p_images,
        "p_sets_holm": p_sets,
    }


def test_effects_are_drawn_as_figure_2_with_both_intervals():
    rows = [effect(20, 0.9, 0.01, 0.04), effect(0, 1.0), effect(50, 0.8, 0.2, 0.3), effect(30, None)]
    (panel,) = effects(rows, {"2.1": None}).axes
    assert [bar.get_height() for bar in panel.patches[:2]] == [0.9, 0.8]
    intervals = [segment[:, 1].tolist() for lines in panel.collections for segment in lines.get_segments()]
    assert [0.88, 0.93] in [pytest.approx(each) for each in intervals] and [0.78, 0.83] in [
        pytest.approx(each) for each in intervals
    ]
    assert panel.lines[-1].get_ydata()[0] == 1.0
    assert [text.get_text() for text in panel.texts] == ["*†", "no ratio", ""]
    assert [label.get_text() for label in panel.get_xticklabels()] == ["20%", "30%", "50%"]


def test_effects_have_a_panel_for_each_block_control_and_replacement():
    rows = [
        effect(percent, 0.9, 1.0, 1.0, *place)
        for place in (
            ("2.0", "random", "mean"),
            ("2.0", "random", "zero"),
            ("4.0", "random", "mean"),
            ("4.0", "random", "zero"),
        )
        for percent in (0, 10)
    ]
    titles = [f"block {block}: random\n{replacement} ablation" for block in ("2.0", "4.0") for replacement in ("mean", "zero")]
    assert [panel.get_title() for panel in effects(rows, {"2.0": None, "4.0": None}).axes] == titles
    *shown, empty = effects(rows, {"2.0": None, "4.0": None, "4.1": "no channel passes"}).axes[:5]
    assert [panel.get_title() for panel in shown] == titles and empty.get_title() == "block 4.1"
    assert [text.get_text() for text in empty.texts] == ["no channel passes"]
    nothing = effects([effect(0, None), effect(10, None)], {"2.1": None}).axes[0]
    assert [text.get_text() for text in nothing.texts] == ["no ratio"]


def test_lesions_are_lines_of_accuracy_against_scale_by_block():
    rows = [
        {"block": block, "replacement": replacement, "scale_percent": percent, "accuracy": start - percent / 100}
        for block, start in (("2.0", 0.9), ("2.1", 0.8))
        for replacement in ("zero", "intact")
        for percent in (50, 0)
    ]
    first, second = lesions(rows).axes
    assert [panel.get_title() for panel in (first, second)] == ["block 2.0", "block 2.1"]
    assert [line.get_label() for line in first.lines] == ["intact", "In at zero"]
    assert [line.get_xydata().tolist() for line in second.lines] == [[[0, 0.8], [50, pytest.approx(0.3)]]] * 2
