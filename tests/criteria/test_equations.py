"""Equations 1 and 2 on numbers worked out by hand."""

import pytest

from scalestream.criteria.equations import judge, post_is_invariant, post_ratio
from scalestream.errors import InputError


@pytest.mark.parametrize(
    ("pre_in", "pre_in_scaled", "grows"),
    [
        (1.0, 2.0, True),
        (2.0, 1.0, False),
        (1.0, 1.0, False),  # strict
        (-1.0, 0.5, True),
        (-1.0, -0.5, False),  # grows, but not in the positive domain
        (-1.0, 0.0, False),  # ReLU(-1) = 0 is not below 0
        (0.0, 1e-6, True),
    ],
)
def test_equation_1(pre_in, pre_in_scaled, grows):
    found = judge("2.1", 0, pre_in, pre_in_scaled, 1.0, 1.0, tolerance=1.5)
    assert found["gain_passes"] is grows and found["gain"] == pre_in_scaled - max(pre_in, 0)


@pytest.mark.parametrize(
    ("post_in", "post_pre", "ratio", "invariant"),
    [
        (1.0, 1.0, 1.0, True),
        (3.0, 2.0, 1.5, False),  # both bounds are strict
        (2.0, 3.0, 2 / 3, False),
        (2.99, 2.0, 1.495, True),
        (2.01, 3.0, 0.67, True),
        (9.0, 1.0, 9.0, False),
        (0.0, 1.0, None, False),
        (1.0, 0.0, None, False),
        (0.0, 0.0, None, False),
        (-1.0, -1.0, None, False),
    ],
)
def test_equation_2(post_in, post_pre, ratio, invariant):
    found = post_ratio(post_in, post_pre)
    assert found == (None if ratio is None else pytest.approx(ratio))
    assert post_is_invariant(found, 1.5) is invariant


def test_both_must_hold():
    def verdict(*terms):
        row = judge("2.1", 7, *terms, tolerance=1.5)
        return row["gain_passes"], row["ratio_passes"], row["passes"]

    assert verdict(1.0, 2.0, 1.0, 1.2) == (True, True, True)
    assert verdict(2.0, 1.0, 1.0, 1.2) == (False, True, False)
    assert verdict(1.0, 2.0, 5.0, 1.2) == (True, False, False)
    assert verdict(1.0, 2.0, 0.0, 1.2) == (True, False, False)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_an_activation_that_is_not_finite_names_the_channel(value):
    with pytest.raises(InputError, match=f"block 2.1, channel 7: post_in is {value}"):
        judge("2.1", 7, 1.0, 2.0, value, 1.0, tolerance=1.5)
