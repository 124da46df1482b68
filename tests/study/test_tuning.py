"""Scale tuning, by hand."""

import pandas as pd
import pyarrow as pa
import pytest

from scalestream.study.tables import RESPONSES, TUNING
from scalestream.study.tuning import curves, peaks, preference


def response(channel, magnification, at_in, pre, post, rank=None, source="In"):
    return {
        "block": "2.1",
        "channel": channel,
        "source": source,
        "stimulus": "image" if rank else "visualization",
        "rank": rank,
        "magnification": magnification,
        "in": at_in,
        "pre": pre,
        "post": post,
    }


def test_curves_are_means_over_top_images():
    rows = [
        response(0, 1.0, 1, 2, 3, rank=1),
        response(0, 1.0, 3, 6, 0, rank=2),
        response(0, 2.0, 5, 5, 5, rank=1),
        response(0, 2.0, 0, 0, 0, rank=2),
        response(0, 1.0, 7, 8, 9),
    ]
    found = curves(pa.Table.from_pylist(rows, schema=RESPONSES))
    assert [(row["stimulus"], row["magnification"], row["in"], row["pre"], row["post"]) for row in found] == [
        ("image", 1.0, 2, 4, 1.5),
        ("image", 2.0, 2.5, 2.5, 2.5),
        ("visualization", 1.0, 7, 8, 9),
    ]
    pa.Table.from_pylist(found, schema=TUNING).validate(full=True)


def curve(channel, at_in, pre, post=(1, 1, 1)):
    return [response(channel, *values) for values in zip((0.5, 1.0, 2.0), at_in, pre, post)]


ROWS = [
    *curve(0, (1, 5, 2), (0, 1, 3)),
    *curve(1, (1, 5, 2), (-1, -2, -3)),
    *curve(2, (4, 4, 1), (3, 1, 3)),
    *curve(3, (0, 1, 9), (2, 1, 0)),
    *curve(4, (9, 1, 0), (0, 1, 0)),
]
PASSES = {("2.1", channel): channel in (0, 1) for channel in range(5)}


def found_peaks(rows, passes):
    return list(peaks(pd.DataFrame(rows), passes))


def test_peaks_are_where_the_response_is_largest():
    """Of equal ones the nearest to 1, then the smaller; none where nothing is above zero."""
    found = {row["channel"]: (row["in_peak"], row["pre_peak"], row["post_peak"]) for row in found_peaks(ROWS, PASSES)}
    assert found == {0: (1, 2, 1), 1: (1, None, 1), 2: (1, 0.5, 1), 3: (2, 0.5, 1), 4: (0.5, 1, 1)}


def test_preference_counts_the_channels_with_both_peaks():
    """Pre's peak is larger for channels 0 and 4, smaller for 2 and 3; the two octaves of 3 have the highest rank."""
    everything, passing = preference(pd.DataFrame(found_peaks(ROWS, PASSES)))
    assert (
        everything["group"],
        everything["n_channels"],
        everything["pre_larger"],
        everything["equal"],
        everything["pre_smaller"],
    ) == ("all", 4, 2, 0, 2)
    assert (everything["in_peak"], everything["pre_peak"]) == (1, 0.75)
    # Ranks 2, 2 and 2, 4: W+ is 4; of the sixteen signs only 4 and 2, 4 and 2 and 2, and so on reach it: see below.
    assert everything["p"] == pytest.approx(upper_tail([2, 2, -2, -4]))
    assert (passing["group"], passing["n_channels"], passing["pre_larger"], passing["p"]) == ("passing", 1, 1, 0.5)


def upper_tail(signed_ranks: list[float]) -> float:
    """The share of all changes of signs whose sum of positive ranks is as large: Wilcoxon's exact p."""
    ranks = [abs(rank) for rank in signed_ranks]
    observed = sum(rank for rank in signed_ranks if rank > 0)
    sums = [sum(rank for place, rank in enumerate(ranks) if signs >> place & 1) for signs in range(2 ** len(ranks))]
    return sum(each >= observed for each in sums) / len(sums)


def test_without_a_difference_there_is_no_p():
    (row,) = preference(pd.DataFrame(found_peaks(curve(0, (1, 5, 2), (0, 3, 1)), {("2.1", 0): False})))
    assert (row["equal"], row["p"]) == (1, None)
    (row,) = preference(pd.DataFrame(found_peaks(curve(1, (1, 5, 2), (-1, -2, -3)), {("2.1", 1): False})))
    assert (row["n_channels"], row["pre_peak"], row["p"]) == (0, None, None)
