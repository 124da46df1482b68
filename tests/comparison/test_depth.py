"""Where blocks are, and what they show there: by hand, on networks of the project."""

from dataclasses import replace

import numpy as np
import pytest

from scalestream.comparison.depth import depth, growth, passing_shares, peak_lags
from scalestream.comparison.members import Member
from scalestream.comparison.ratios import family_ratios, magnification
from scalestream.comparison.tables import FAMILY_RATIOS, PASSING_SHARES, PEAK_LAGS
from scalestream.criteria.equations import judge
from scalestream.networks.architectures import description
from scalestream.networks.interface import Layer
from scalestream.run import tables

MEMBER = Member("a", "arm", "standard", 3)


@pytest.mark.parametrize(
    ("network", "block", "place", "fields"),
    [
        ("resnet18", "1.1", 0, (43, 27)),
        ("resnet18", "4.1", 1, (435, 307)),
        ("resnet18", "2.1", 2 / 6, (99, 67)),
        ("resnet50", "3.1", 8 / 15, (139, 107)),
        ("resnet50", "3.1-3.4", 11 / 15, (235, 107)),
        ("cornet_s", "V4.t0-V4.t2", 4 / 7, (123, 59)),
    ],
)
def test_depth_and_growth_of_blocks_and_pairs(network, block, place, fields):
    """Fields of Pre and In in pixels; of a pair, the later Pre and the earlier In, or of time steps the earlier Pre."""
    known = description(network)
    assert depth(known, known.by_name[block]) == pytest.approx(place)
    assert growth(known, known.by_name[block]) == fields[0] / fields[1]


def test_a_field_that_is_not_known_has_no_growth():
    known = description("resnet18")
    block = known.by_name["2.0"]
    for unknown in ({}, {block.input: Layer(128, None)}):
        layers = {name: layer for name, layer in known.layers.items() if name != block.input} | unknown
        assert growth(replace(known, layers=layers), block) is None


def test_passing_shares_stand_beside_those_of_mismatched_pairs(tmp_path):
    """Two of eight channels pass where 1 is expected; the null of another seed is not taken."""
    terms = [(1, 2, 1, 1)] * 2 + [(1, 0, 1, 1)] * 6
    criteria = [judge("2.1", channel, *each, 1.5) | {"seed": 5} for channel, each in enumerate(terms)]
    numbers = {"expected": 1.0, "lower": 0.0, "upper": 3.0, "excess": 1.0, "p": 0.25}
    null = [{"block": "2.1", "seed": seed, "n_channels": 8} | numbers | {"p": p} for seed, p in ((5, 0.25), (6, 0.9))]
    (row,) = rows = list(passing_shares(MEMBER, description("resnet18"), criteria, null))
    tables.write(str(tmp_path / "passing.parquet"), PASSING_SHARES, rows)
    assert (row["network"], row["seed"], row["block"]) == ("a", 3, "2.1")
    assert (row["n_channels"], row["passing"], row["share"], row["p"]) == (8, 2, 0.25, 0.25)
    assert [row[name] for name in ("expected", "lower", "upper", "excess")] == [1 / 8, 0, 3 / 8, 1 / 8]


def test_peak_lags_are_of_channels_whose_in_and_pre_correlate(tmp_path):
    def channel(block, matched, lag):
        return {"block": block, "matched": matched, "peak_lag": lag, "unmatched_lag": 0.25}

    lags = [channel("2.1", [0.1, 0.5, 0.3], lag) for lag in (0.5, 0.6, 1.0, 1.2)]
    lags += [channel("2.1", [0.1, 0.2, 0.1], 1.5), channel("2.1", None, None), channel("3.0", [0.1], 0)]
    rows = list(peak_lags(MEMBER, description("resnet18"), lags))
    tables.write(str(tmp_path / "lags.parquet"), PEAK_LAGS, rows)
    assert [(row["block"], row["n_channels"], row["n_decided"]) for row in rows] == [("2.1", 6, 4), ("3.0", 1, 0)]
    assert rows[0]["peak_lag"] == pytest.approx(0.8) and rows[0]["unmatched_lag"] == 0.25
    assert [rows[0]["lower"], rows[0]["upper"]] == pytest.approx(np.percentile([0.5, 0.6, 1, 1.2], [25, 75]))
    assert rows[1]["peak_lag"] is rows[1]["lower"] is None


def test_percents_are_magnifications_of_the_networks_own_views():
    """Of Resize 256 a crop of 224 is no scale, and 10 % a zoom out; of Resize 232 it is none."""
    assert [magnification(p, 256, 224) for p in (0, 10, 20, 50)] == [1, 224 / 231, 224 / 205, 224 / 128]
    assert [magnification(p, 232, 224) for p in (10, 50)] == pytest.approx([1.07, 1.93], abs=0.005)
    assert magnification(10, 256, 224, "author_code") == 224 / 201


def test_ratios_by_magnification(tmp_path):
    views = {"images.resize": 256, "images.crop": 224, "ablation.crop_convention": "paper"}
    row = {"block": "2.1", "scale_percent": 50, "mean_ratio": 0.9, "sem": None, "n_trials": 1}
    (found,) = rows = list(family_ratios(MEMBER, views, [row]))
    tables.write(str(tmp_path / "ratios.parquet"), FAMILY_RATIOS, rows)
    assert found["magnification"] == 1.75 and found["mean_ratio"] == 0.9 and found["arm"] == "arm"
