"""What the figures show, read back from matplotlib."""

import numpy as np
import pytest

from scalestream.figures import Column, figure2, grid, mosaic


def row(block, percent, mean, sem=0.01):
    return {"block": block, "scale_percent": percent, "mean_ratio": mean, "sem": sem, "n_trials": 3}


def test_figure2_shows_every_ratio_with_its_whole_error_bar():
    rows = [row("2.1", 0, 1.0), row("2.1", 20, 0.9, 0.2), row("2.1", 10, 0.95), row("3.1", 0, 0.99), row("3.1", 10, 0.97)]
    panels = figure2(rows).axes
    assert [panel.get_title("right") for panel in panels] == ["block 2.1", "block 3.1"]
    assert [bar.get_height() for bar in panels[0].patches] == [0.95, 0.9]
    assert [label.get_text() for label in panels[0].get_xticklabels()] == ["10%", "20%"]
    (line,) = [line for line in panels[0].lines if line.get_label() == "no scale"]
    assert set(line.get_ydata()) == {1.0}
    low, high = panels[0].get_ylim()
    assert low < 0.7 and high > 1.1


def test_figure2_says_where_there_is_no_ratio():
    panel = figure2([row("2.1", 0, None, None), row("2.1", 10, None, None), row("2.1", 20, 0.9, None)]).axes[0]
    assert [text.get_text() for text in panel.texts] == ["no ratio"]
    assert panel.get_legend() is None


def test_a_mosaic_goes_row_by_row_and_is_white_where_images_are_missing():
    images = [np.full((2, 2, 3), value, np.uint8) for value in range(8)]
    cells = mosaic(images)[::2, ::2, 0]
    assert cells.tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 255]]


@pytest.mark.parametrize("stuck", [False, True])
def test_a_grid_says_which_image_is_still_noise(stuck):
    image = np.zeros((4, 4, 3), np.uint8)
    figure = grid({name: Column(image, image, [image] * 9, stuck and name == "Post") for name in ("In", "Pre", "Post")}, "x")
    assert [panel.get_title() for panel in figure.axes[:3]] == ["In", "Pre", "Post"]
    assert [bool(panel.get_xlabel()) for panel in figure.axes[:3]] == [False, False, stuck]
