"""The figures of pairs of channels show what the tables say."""

import numpy as np
import pytest

from scalestream.figures.channel_pairs import channel_pair_counts, channel_pairs
from scalestream.images.encoding import encode_png


def picture(value: int) -> bytes:
    return encode_png(np.full((8, 8, 3), value, dtype=np.uint8))


def row(later: str, channel: int) -> dict:
    pictures = {name: picture(10 * channel + number) for number, name in enumerate(("image", "image_scaled", "image_of_match"))}
    numbers = {"response": 0.5, "response_scaled": 2.25, "peak": 3.0, "normalized_gain": 0.6, "p": 0.125}
    return {"earlier": "a", "later": later, "channel": channel, "match": channel + 1} | numbers | pictures


def test_a_pair_has_its_three_pictures_and_numbers():
    figure = channel_pairs([row("b", 3), row("b", 1), row("b", 2), row("c", 4)])
    lines = np.array(figure.axes).reshape(3, 7)  # two of the first layers, one of the others
    shown = [[panel.images[0].get_array()[0, 0, 0] if panel.images else None for panel in line] for line in lines]
    assert shown == [[30, 31, 32, None, 10, 11, 12], [20, 21, 22, *[None] * 4], [40, 41, 42, *[None] * 4]]
    titles = [panel.get_title() for panel in lines[0, :3]]
    assert titles == [
        "a\nchannel 3\nanswer 0.5",
        "the same\nmagnified\nanswer 2.25",
        "b\nchannel 4, p = 0.12\nanswer 3",
    ]


def test_no_pair_is_said():
    (panel,) = channel_pairs([]).axes
    assert panel.texts[0].get_text() == "no channel has a match"


@pytest.mark.parametrize("matched", [0, 7])
def test_counts_stand_beside_chance(matched):
    counts = {"n_channels": 40, "n_compared": 27, "matched": matched, "expected": 1.25, "lower": 0.0, "upper": 3.0, "p": 0.001}
    (panel,) = channel_pair_counts([{"earlier": "a", "later": name} | counts for name in ("b", "c")]).axes
    assert [
        line.get_xdata().tolist() if hasattr(line.get_xdata(), "tolist") else list(line.get_xdata()) for line in panel.lines
    ] == [
        [0, 3],
        [1.25],
        [matched],
    ] * 2
    assert [label.get_text() for label in panel.get_yticklabels()] == [
        f"a - {name}\n{matched} of 27, p = 0.001" for name in ("b", "c")
    ]
