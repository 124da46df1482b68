"""The verdict on a channel from its activations (paper, section 3, equations 1 and 2)."""

import math

from scalestream.errors import InputError


def response_gain(pre_in: float, pre_in_scaled: float) -> float:
    """By how much Pre answers the magnified In image more than the image itself, in the positive domain; Eq. 1 holds where
    it is above zero."""
    return pre_in_scaled - max(pre_in, 0)


def post_ratio(post_in: float, post_pre: float) -> float | None:
    """The ratio of Eq. 2; None where one of its terms is not above zero."""
    return post_in / post_pre if post_in > 0 and post_pre > 0 else None


def post_is_invariant(ratio: float | None, tolerance: float) -> bool:
    """Eq. 2, both bounds strict; a missing ratio fails."""
    return ratio is not None and 1 / tolerance < ratio < tolerance


def judge(
    block: str, channel: int, pre_in: float, pre_in_scaled: float, post_in: float, post_pre: float, tolerance: float
) -> dict:
    """A row of the criteria table: the four activations, the response gain, the ratio and the verdict.

    Raises InputError naming the channel when an activation is not finite.
    """
    terms = {"pre_in": pre_in, "pre_in_scaled": pre_in_scaled, "post_in": post_in, "post_pre": post_pre}
    for name, value in terms.items():
        if not math.isfinite(value):
            raise InputError(f"block {block}, channel {channel}: {name} is {value}; check the weights (model.weights)")
    gain, ratio = response_gain(pre_in, pre_in_scaled), post_ratio(post_in, post_pre)
    grows, invariant = gain > 0, post_is_invariant(ratio, tolerance)
    return {
        "block": block,
        "channel": channel,
        **terms,
        "gain": gain,
        "ratio": ratio,
        "gain_passes": grows,
        "ratio_passes": invariant,
        "passes": grows and invariant,
    }
