"""What the figures show, read back from matplotlib and from the files."""

import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader

from scalestream.figures.accuracy import accuracy
from scalestream.figures.criteria import passing, scatter
from scalestream.figures.first_look import first_look
from scalestream.figures.grids import figure1, pages
from scalestream.figures.job_times import time_by_rule
from scalestream.figures.objective import objective
from scalestream.figures.ratios import figure2
from scalestream.figures.style import save, save_pages, styled
from scalestream.report.job_times import unit


@pytest.fixture(autouse=True)
def style():
    with styled():
        yield
    plt.close("all")


def row(block, percent, mean, sem=0.01):
    return {"block": block, "scale_percent": percent, "mean_ratio": mean, "sem": sem, "n_trials": 3}


def test_figure2_shows_every_ratio_with_its_whole_error_bar():
    rows = [row("2.1", 0, 1.0), row("2.1", 20, 0.9, 0.2), row("2.1", 10, 0.95), row("3.1", 0, 0.99), row("3.1", 10, 0.97)]
    panels = figure2(rows, {"2.1": None, "3.1": None}).axes
    assert [panel.get_title("right") for panel in panels] == ["block 2.1", "block 3.1"]
    assert [bar.get_height() for bar in panels[0].patches] == [0.95, 0.9]
    assert [label.get_text() for label in panels[0].get_xticklabels()] == ["10%", "20%"]
    (line,) = [line for line in panels[0].lines if line.get_label() == "no scale"]
    assert set(line.get_ydata()) == {1.0}
    low, high = panels[0].get_ylim()
    assert low < 0.7 and high > 1.1


def test_figure2_says_where_there_is_no_ratio():
    panel = figure2([row("2.1", 0, None, None), row("2.1", 10, None, None), row("2.1", 20, 0.9, None)], {"2.1": None}).axes[0]
    assert [text.get_text() for text in panel.texts] == ["no ratio"]
    assert panel.get_legend() is None


def test_a_block_without_ratios_has_a_panel_that_says_why():
    first, second = figure2([row("3.1", 0, 1.0), row("3.1", 10, 0.97)], {"2.1": "no channel passes", "3.1": None}).axes
    assert first.get_title("right") == "block 2.1" and [text.get_text() for text in first.texts] == ["no channel passes"]
    assert len(second.patches) == 1 and not second.texts


def picture(shade: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full((6, 6, 3), shade, np.uint8)).save(buffer, format="png")
    return buffer.getvalue()


def grid(block, channel, passes=True, dead_gradient=False):
    """Rows of a channel's grid, in shades by which its cells are told apart."""
    return [
        {
            "block": block,
            "channel": channel,
            "passes": passes,
            "in_figure1": True,
            "column": column,
            "dead_gradient": dead_gradient,
            "center_neuron": picture(10 * place),
            "whole_channel": picture(10 * place + 1) if passes else None,
            "top_images": picture(10 * place + 2),
        }
        for place, column in enumerate(("In", "Pre", "Post"), start=1)
    ]


def texts(figure) -> list[str]:
    return [text.get_text() for text in [*figure.texts, *(text for panel in figure.axes for text in panel.texts)]]


def test_a_grid_has_columns_by_layer_and_rows_by_kind():
    figure = figure1(grid("2.1", 7), ["2.1"])
    shades = {
        (round(panel.get_position().x0, 2), -round(panel.get_position().y0, 2)): int(panel.images[0].get_array()[0, 0, 0])
        for panel in figure.axes
    }
    assert [shades[place] for place in sorted(shades)] == [10, 11, 12, 20, 21, 22, 30, 31, 32]
    assert [title for panel in figure.axes if (title := panel.get_title("left"))] == ["In", "Pre", "Post"]
    assert [panel.get_ylabel() for panel in figure.axes if panel.get_ylabel()] == [
        "center neuron",
        "whole channel",
        "top images",
    ]
    assert texts(figure) == ["2.1: channel 7"]


def test_a_grid_says_which_image_never_became_active_and_which_is_missing():
    assert texts(figure1(grid("2.1", 7, dead_gradient=True), ["2.1"])).count("never active") == 3
    said = texts(figure1(grid("2.1", 7, passes=False), ["2.1"]))
    assert said[0] == "2.1: channel 7 (does not pass)" and said.count("only for channels\nthat pass") == 3


def test_a_block_begins_a_new_line_in_figure1():
    rows = [row for channel in range(4) for row in grid("2.1", channel)] + grid("3.1", 5)
    figure = figure1(rows, ["2.0", "2.1", "3.1", "4.0"])
    assert figure.texts[0].get_text() == "no channel passes in 2.0, 4.0"
    height = {text.get_text(): round(text.get_position()[1], 3) for text in figure.texts}
    assert height["2.1: channel 0"] == height["2.1: channel 2"] > height["2.1: channel 3"] > height["3.1: channel 5"]


def test_figures_3_and_4_page_through_all_channels(tmp_path):
    rows = [row for channel in range(13) for row in grid("1.1", channel)]
    save_pages(pages(rows, ["1.1", "2.0"]), tmp_path / "figure3.pdf", tmp_path / "figure3")
    text = [page.extract_text() for page in PdfReader(tmp_path / "figure3.pdf").pages]
    assert [page.count("1.1: channel ") for page in text] == [12, 1] and "channel 12" in text[1]
    assert ["no channel passes in 2.0" in page for page in text] == [False, True]
    assert sorted(path.name for path in (tmp_path / "figure3").iterdir()) == ["1.png", "2.png"]


def test_where_no_channel_passes_the_page_says_so(tmp_path):
    save_pages(pages([], ["1.1", "2.0"]), tmp_path / "figure4.pdf", tmp_path / "figure4")
    (page,) = PdfReader(tmp_path / "figure4.pdf").pages
    assert page.extract_text() == "no channel passes in 1.1, 2.0" and (tmp_path / "figure4" / "1.png").exists()
    (page,) = pages([], [])
    assert [text.replace("\n", " ") for text in texts(page)] == ["no block of these stages is analysed"]


def test_a_first_look_has_a_line_for_a_blocks_channel_and_three_of_a_layers_to_a_line():
    rows = [
        {"layer": layer, "channel": channel, "png": picture(shade), "activation": 2.5, "dead_gradient": channel == 8}
        for shade, (layer, channel) in enumerate([("b", 7), ("b", 8), ("a", 3), ("b", 3), ("c", 3)])
    ]
    shown = [
        {"layers": {"b": "b"}, "channels": [7, 8]},
        {"layers": {"2.1 In": "a", "2.1 Pre": "b", "2.1 Post": "c"}, "channels": [3]},
    ]
    cells = [panel for panel in first_look(rows, shown).axes if panel.images]
    assert [int(panel.images[0].get_array()[0, 0, 0]) for panel in cells] == [0, 1, 2, 3, 4]
    assert [panel.get_title("left") for panel in cells] == [
        "b: channel 7\nactivation 2.5",
        "b: channel 8\nnever active",
        *(f"2.1 {column}: channel 3\nactivation 2.5" for column in ("In", "Pre", "Post")),
    ]
    places = [panel.get_subplotspec() for panel in cells]
    assert [(place.rowspan.start, place.colspan.start) for place in places] == [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2)]


def judged(block, channel, gain, ratio, gain_passes, ratio_passes):
    return {
        "block": block,
        "channel": channel,
        "gain": gain,
        "ratio": ratio,
        "gain_passes": gain_passes,
        "ratio_passes": ratio_passes,
        "passes": gain_passes and ratio_passes,
    }


CRITERIA = [
    judged("1.1", 0, 0.5, 1.2, True, True),
    judged("1.1", 1, 2.0, 3.0, True, False),
    judged("1.1", 2, -1.0, 1.0, False, True),
    judged("1.1", 3, -0.2, None, False, False),
    judged("2.0", 0, 0.1, 0.9, True, True),
]


NULL = [
    {"block": "1.1", "seed": 1, "n_channels": 4, "gain_passing": 2, "ratio_passing": 2, "passing": 1}
    | {"expected": 0.75, "lower": 0, "upper": 2},
    {"block": "2.0", "seed": 1, "n_channels": 1, "gain_passing": 1, "ratio_passing": 1, "passing": 1}
    | {"expected": 1.0, "lower": 1, "upper": 1},
]


def test_passing_channels_are_counted_by_block_and_equation_beside_what_is_expected():
    (panel,) = passing([row | {"seed": 0, "passing": 0} for row in NULL] + NULL, [1, 0]).axes
    counts = {bars.get_label(): list(bars.datavalues) for bars in panel.containers}
    assert counts == {"Eq. 1": [0.5, 1], "Eq. 2": [0.5, 1], "both": [0.25, 1], "both, mismatched pairs": [0.1875, 1]}
    assert [text.get_text() for text in panel.texts] == ["2", "1", "2", "1", "1", "1", "0.8", "1.0"]
    assert [label.get_text() for label in panel.get_xticklabels()] == ["1.1\n4 channels", "2.0\n1 channels"]
    expected = panel.containers[-1]
    for bar, interval, ends in zip(expected, panel.collections, [(0, 0.5), (1, 1)], strict=True):
        ((x, lower), (_, upper)) = interval.get_segments()[0]
        assert x == pytest.approx(bar.get_x() + bar.get_width() / 2) and (lower, upper) == ends


def test_the_scatter_has_a_point_a_channel_and_the_passing_region():
    first, second = scatter(CRITERIA, tolerance=1.5).axes
    points = {found.get_label(): found.get_offsets().tolist() for found in first.collections if found.get_label()[0] != "_"}
    assert points["passes"] == [[0.5, 1.2]] and points["fails"] == [[2.0, 3.0], [-1.0, 1.0]]
    ((gain, height),) = points["no ratio"]
    assert gain == -0.2 and first.get_ylim()[0] < height < 1 / 1.5
    (region,) = [found for found in first.collections if found.get_label().startswith("_")]
    corners = region.get_paths()[0].vertices
    assert corners[:, 0].min() == 0 and corners[:, 1].min() == pytest.approx(1 / 1.5) and corners[:, 1].max() == 1.5
    assert first.get_title("left") == "block 1.1: 1 of 4 pass" and second.get_title("left") == "block 2.0: 1 of 1 pass"


def test_accuracy_has_a_line_for_every_condition_and_trial():
    rows = [
        {"block": "2.1", "condition": condition, "trial": trial, "scale_percent": percent, "accuracy": accuracy}
        for condition, trial, accuracy in (("intact", None, 0.9), ("scale", None, 0.5), ("random", 0, 0.6), ("random", 1, 0.7))
        for percent in (50, 0, 20)
    ]
    figure = accuracy(rows, {"2.1": None})
    lines = [(list(line.get_xdata()), line.get_ydata()[0]) for line in figure.axes[0].lines]
    assert lines == [([0, 20, 50], value) for value in (0.6, 0.7, 0.9, 0.5)]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "random channels ablated, each trial",
        "intact",
        "selected channels ablated",
    ]
    rows += [row | {"block": "2.0"} for row in rows if row["condition"] == "intact"]
    figure = accuracy(rows, {"2.0": "no channel passes", "2.1": None})
    assert [len(panel.lines) for panel in figure.axes] == [1, 4] and len(figure.legends[0].get_texts()) == 3
    assert [panel.get_title("left") for panel in figure.axes] == ["block 2.0\nno channel passes", "block 2.1"]


def test_a_column_without_visualizations_has_no_curve():
    """Post, where no channel of the block passes."""
    rows = [
        {"block": block, "column": column, "step": step, "lower": 0, "median": step, "upper": 9}
        for block, columns in {"1.1": ("In", "Pre"), "2.0": ("In", "Pre", "Post")}.items()
        for column in columns
        for step in (1, 2)
    ]
    first, second = objective(rows).axes
    assert [list(line.get_ydata()) for line in first.lines] == [[1, 2], [1, 2], []]
    assert [text.get_text() for text in first.get_legend().get_texts()] == ["In", "Pre", "Post"]
    assert [list(line.get_ydata()) for line in second.lines] == [[1, 2]] * 3


def test_the_objective_rises_with_its_band():
    rows = [
        {"block": "2.1", "column": column, "step": step, "lower": step - 1, "median": step, "upper": step + 2}
        for column in ("In", "Pre", "Post")
        for step in (1, 2, 3)
    ]
    (panel,) = objective(rows).axes
    assert [(line.get_label(), list(line.get_ydata())) for line in panel.lines] == [
        (column, [1, 2, 3]) for column in ("In", "Pre", "Post")
    ]
    assert {tuple(corner) for corner in panel.collections[0].get_paths()[0].vertices} >= {(1, 0), (3, 2), (1, 3), (3, 5)}


def test_time_is_summed_by_rule_and_the_longest_stands_on_top():
    rows = [
        {"rule": "ablate", "job": "a", "seconds": 100.0, "cpu_seconds": 150.0, "max_rss_mb": 1.0},
        {"rule": "ablate", "job": "b", "seconds": 50.0, "cpu_seconds": None, "max_rss_mb": None},
        {"rule": "list_images", "job": "", "seconds": 3.0, "cpu_seconds": 2.0, "max_rss_mb": 1.0},
    ]
    (panel,) = time_by_rule(rows).axes
    assert [label.get_text() for label in panel.get_yticklabels()] == ["list_images  (1)", "ablate  (2)"]
    assert [list(bars.datavalues) for bars in panel.containers] == [[3 / 60, 150 / 60], [2 / 60, 150 / 60]]
    assert panel.get_xlabel().startswith("minutes, all jobs")


def test_without_any_benchmark_there_is_still_a_figure(tmp_path):
    save(time_by_rule([]), tmp_path / "benchmarks.png")
    assert (tmp_path / "benchmarks.png").exists()


@pytest.mark.parametrize(("seconds", "name"), [(119, "seconds"), (120, "minutes"), (9000, "hours"), (7 * 86400, "days")])
def test_times_have_a_unit_that_they_fill(seconds, name):
    assert unit(seconds)[1] == name


def test_files_are_at_print_quality(tmp_path):
    """Vectors and embedded fonts in the PDF, 300 dpi in the PNG."""
    save(figure2([row("2.1", 0, 1.0), row("2.1", 10, 0.95)], {"2.1": None}), tmp_path / "a.png", tmp_path / "a.pdf")
    with Image.open(tmp_path / "a.png") as image:
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1) and image.width == pytest.approx(3.2 * 300, abs=2)
    (page,) = PdfReader(tmp_path / "a.pdf").pages
    assert "no scale" in page.extract_text() and not page.images
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]
    inner = [font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font for font in fonts]
    assert inner and all("/FontFile2" in font["/FontDescriptor"].get_object() for font in inner)
