"""Shares of seeds, by hand."""

import pandas as pd
import pytest

from scalestream.study.stability import stability


def test_stability_counts_the_seeds_that_a_channel_passes_with():
    rows = [
        {"block": "2.1", "channel": channel, "seed": seed, "passes": passes}
        for channel, verdicts in enumerate([(True, False, True), (False, False, False)])
        for seed, passes in enumerate(verdicts)
    ]
    one, none = stability(pd.DataFrame(rows))
    assert (one["channel"], one["n_seeds"], one["n_passing"], one["share"]) == (0, 3, 2, pytest.approx(2 / 3))
    assert (one["lower"], one["upper"]) == (pytest.approx(0.2077, abs=1e-4), pytest.approx(0.9385, abs=1e-4))
    assert (
        none["n_passing"] == 0
        and none["lower"] == pytest.approx(0, abs=1e-12)
        and none["upper"] == pytest.approx(0.5615, abs=1e-4)
    )
