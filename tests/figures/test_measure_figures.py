"""The figures of the measures: what is drawn, by hand."""

import numpy as np
import pytest

from scalestream.figures.lags import lags, profiles

UNKNOWN = dict.fromkeys(("matched", "p_row", "p_column", "peak_lag"))


def channel(scores, p, peak, gain, block="2.0", **more) -> dict:
    means = {"unmatched_lag": 0.3, "unmatched_lower": 0.25, "unmatched_upper": 0.4}
    found = {"matched": scores, "p_row": 0.9, "p_column": p, "peak_lag": peak, "tolerance_gain": gain}
    return {"block": block} | found | means | more


def test_lags_stand_beside_that_of_different_channels():
    weak, strong = [0.1, 0.2, 0.2], [0.1, 0.5, 0.4]
    rows = [channel(strong, 0.05, 0.5, 0.1), channel(strong, 0.5, 0.7, 0.2), channel(weak, 0.05, 1, -0.1)]
    rows += [channel(strong, 0.05, 0, None, **UNKNOWN), channel(weak, 0.9, -1, 0, block="2.1", unmatched_lag=None)]
    lag, gain = lags(rows).axes
    little, alike, best, mean = lag.lines[:4]
    assert [line.get_ydata().tolist() for line in (little, alike, best)] == [[1], [0.7], [0.5]]
    assert best.get_markerfacecolor() == best.get_color() and alike.get_markerfacecolor() == "none"
    assert mean.get_ydata().tolist() == [0.3, 0.3]
    (band,) = lag.collections
    assert sorted(set(band.get_paths()[0].vertices[:, 1])) == [0.25, 0.4]  # none in block 2.1
    assert [line.get_ydata() for line in gain.lines[:3]] == [[-0.1], [0.2], [0.1]]
    assert [label.get_text() for label in gain.get_xticklabels()] == ["2.0", "2.1"]


def test_profiles_have_matched_and_unmatched_means_and_z():
    rows = [
        {"block": block, "octaves": octaves, "matched": matched, "unmatched": 0.1, "z": z}
        for block, means in (("2.0", (0.2, 0.9, 0.4)), ("2.1", (None, 0.1, 0.1)))
        for octaves, matched, z in zip((-0.5, 0, 0.5), means, (1.23, None, -2))
    ]
    one, other = profiles(rows).axes
    *_, unmatched, matched = one.lines
    assert matched.get_ydata().tolist() == [0.2, 0.9, 0.4] and matched.get_xdata().tolist() == [-0.5, 0, 0.5]
    assert unmatched.get_ydata().tolist() == [0.1] * 3 and np.isnan(other.lines[-1].get_ydata()[0])
    assert [text.get_text() for text in one.texts] == ["1.2", "-2.0"] and one.get_title() == "block 2.0"
    assert one.get_ylim() == pytest.approx(other.get_ylim()) and one.get_ylim()[1] > 0.9
