"""The figure of the circuits: what is drawn, by hand."""

from scalestream.figures.circuits import profiles
from scalestream.figures.style import styled


def rows(block: str, zs: dict[float, float | None]) -> list[dict]:
    return [{"block": block, "octaves": octaves, "z": z, "n_channels": 5, "n_larger": 2} for octaves, z in zs.items()]


def test_profiles_are_drawn_on_one_scale_with_what_has_none_left_out():
    first, second, third = profiles(
        [*rows("2.0", {0: 3, 0.5: 8, -0.5: -1}), *rows("2.1", {-0.5: None, 0: 1, 0.5: 2}), *rows("3.0", {0: None})]
    ).axes
    _, curve, *points = first.lines
    assert curve.get_xdata().tolist() == [-0.5, 0, 0.5] and curve.get_ydata().tolist() == [-1, 3, 8]
    assert [point.get_color() for point in points] == ["#999999", "#0072b2", "#d55e00"]
    assert second.lines[1].get_ydata().tolist() == [1, 2] and len(third.lines) == 2
    assert first.get_ylim() == second.get_ylim() and first.get_ylim()[1] > 8
    assert first.get_title() == "block 2.0: larger in 2 of 5"


def test_axis_names_of_a_figure_of_one_block_stay_within_it():
    with styled():
        figure = profiles(rows("2.0", {0: 3, 0.5: 8}))
        figure.draw_without_rendering()
    x, y = figure.get_supxlabel(), figure.get_supylabel()
    assert x == "octaves by which Pre's\nfeature is larger than In's" and y == "z of matched pairs"
    for text in (figure._supxlabel, figure._supylabel):
        box = text.get_window_extent()
        assert figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0 and box.y1 <= figure.bbox.y1
