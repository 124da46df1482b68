"""Which channels Figures 1, 3 and 4 show, and the rows of their pictures, by hand."""

import pyarrow as pa

from scalestream.report.grids import figure1_channels, grid_rows
from scalestream.report.tables import GRIDS


def test_figure1_takes_the_channels_named_or_those_of_the_highest_gain():
    criteria = [
        {"block": block, "channel": channel, "gain": (5 * channel) % 8, "passes": channel != 7}
        for block in ("2.1", "3.1")
        for channel in range(9)
    ]
    assert figure1_channels(criteria, {"3.1": [7, 2]}, ["2.1", "3.1", "4.0"]) == {
        "2.1": [1, 2, 3, 4, 5, 6],
        "3.1": [7, 2],
        "4.0": [],
    }


def test_a_channel_has_three_rows_with_its_own_pictures():
    """Channel 3 passes and is in no figure but those of all passing channels; 5 does not pass and was chosen for Figure 1.

    The layer that is Post of 2.0 and In of 2.1 has the same pictures in both."""
    layers = {
        "2.0": {"In": "layer2.0.downsample.1", "Pre": "layer2.0.bn2", "Post": "layer2.0"},
        "2.1": {"In": "layer2.0", "Pre": "layer2.1.bn2", "Post": "layer2.1"},
    }
    names = {layer for columns in layers.values() for layer in columns.values()}
    pictures = {
        (layer, channel): {
            "center_neuron": f"{layer} {channel} neuron".encode(),
            "whole_channel": f"{layer} {channel} whole".encode(),
            "top_images": f"{layer} {channel} top".encode(),
            "dead_gradient": (layer, channel) == ("layer2.1", 5),
        }
        for layer in names
        for channel in (3, 5)
    }
    del pictures["layer2.1.bn2", 5]["whole_channel"], pictures["layer2.1", 5]["whole_channel"]  # not made, as 5 does not pass
    shown = [
        {"block": "2.0", "channel": 3, "passes": True, "gain": 1.0},
        {"block": "2.1", "channel": 3, "passes": True, "gain": 1.0},
        {"block": "2.1", "channel": 5, "passes": False, "gain": -1.0},
    ]
    rows = list(grid_rows(shown, {"2.1": [5]}, layers, pictures))
    assert [
        (row["block"], row["channel"], row["column"], row["passes"], row["in_figure1"], row["dead_gradient"]) for row in rows
    ] == [
        ("2.0", 3, "In", True, False, False),
        ("2.0", 3, "Pre", True, False, False),
        ("2.0", 3, "Post", True, False, False),
        ("2.1", 3, "In", True, False, False),
        ("2.1", 3, "Pre", True, False, False),
        ("2.1", 3, "Post", True, False, False),
        ("2.1", 5, "In", False, True, False),
        ("2.1", 5, "Pre", False, True, False),
        ("2.1", 5, "Post", False, True, True),
    ]
    for row in rows:
        neuron = f"{layers[row['block']][row['column']]} {row['channel']}"
        assert (row["center_neuron"], row["top_images"]) == (f"{neuron} neuron".encode(), f"{neuron} top".encode())
        assert row["whole_channel"] == (f"{neuron} whole".encode() if row["channel"] == 3 else None)
    pa.Table.from_pylist(rows, schema=GRIDS).validate(full=True)


def test_where_nothing_is_shown_there_is_no_row():
    assert list(grid_rows([], {"2.1": []}, {"2.1": {"In": "a", "Pre": "b", "Post": "c"}}, {})) == []
