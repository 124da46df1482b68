"""From where on a measure counts, for rules and figures alike."""

from collections.abc import Sequence
from math import log2

P = 0.05
GAIN = 0.1  # share of Pre's response to its own image
RANK = 0.1
CORRELATED = 0.2  # above which In and Pre of different channels are taken to see something in common
LARGER = log2(1.1)  # octaves of magnification at which Pre's feature begins to be larger than In's


def largest_rank(rows: Sequence[dict]) -> float:
    """The largest rank in its column that counts: P, or where fewer than 1 / P channels have a rank, that of a column's best.

    rows: of the table of a measure, of one block.
    """
    ranked = sum(row["p_column"] is not None for row in rows)
    return max(P, 1 / ranked) if ranked else P
