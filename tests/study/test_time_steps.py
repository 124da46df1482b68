"""Preferred magnifications by time step, by hand."""

from scalestream.figures.time_steps import time_steps as drawn
from scalestream.networks.architectures import description
from scalestream.run import tables
from scalestream.study.tables import TIME_STEPS
from scalestream.study.time_steps import time_steps


def peak(block: str, source: str, channel: int, post_peak: float | None, passes: bool = False) -> dict:
    return {"block": block, "source": source, "stimulus": "image", "channel": channel, "passes": passes, "post_peak": post_peak}


PEAKS = [
    peak("V4.t0", "In", 0, 8),  # images of the stream: of no step's Pre
    peak("V4.t0", "Pre", 0, 1, passes=True),
    peak("V4.t0", "Pre", 1, 2),
    peak("V4.t2", "Pre", 0, 1),
    peak("V4.t0-V4.t2", "In", 0, 2, passes=True),
    peak("V4.t0-V4.t2", "In", 1, None),
    peak("V4.t0-V4.t2", "Pre", 0, 1, passes=True),  # as of V4.t2
    peak("V2.t0-V2.t1", "Pre", 5, 0.5, passes=True),  # whose later step is not analysed by itself
]


def test_images_of_one_step_are_asked_at_that_and_at_a_later_one(tmp_path):
    rows = list(time_steps(description("cornet_s"), PEAKS))
    tables.write(str(tmp_path / "time_steps.parquet"), TIME_STEPS, rows)
    assert [tuple(row[name] for name in TIME_STEPS.names if name != "stimulus") for row in rows] == [
        ("V4", 0, 0, 0, 1, None),
        ("V4", 0, 0, 1, 2, None),
        ("V4", 2, 2, 0, 1, None),
        ("V4", 2, 0, 0, 2, True),
        ("V4", 2, 0, 1, None, False),
        ("V2", 1, 1, 5, 0.5, None),
    ]


def test_a_network_without_steps_has_none():
    assert list(time_steps(description("resnet18"), [peak("2.1", "Pre", 0, 1), peak("2.1", "In", 0, 1)])) == []


def test_the_figure_has_medians_by_step_and_a_line_for_each_channel_that_is_the_same_feature():
    figure = drawn(time_steps(description("cornet_s"), PEAKS))
    v4, v2 = figure.axes
    thin, medians, other = v4.lines
    assert thin.get_xydata().tolist() == [[0, 1], [2, 2]]
    assert medians.get_xydata().tolist() == [[0, 1.5], [2, 2]] and other.get_ydata().tolist() == [1]
    assert [panel.get_title() for panel in figure.axes] == ["V4, top images", "V2, top images"]
    assert v2.lines[-1].get_ydata().tolist() == [0.5] and medians.get_color() != other.get_color()
