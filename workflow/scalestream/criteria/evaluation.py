"""The two criteria of a scale-invariant channel (paper, section 3, equations 1 and 2), and whether its gain is its own."""

from collections.abc import Iterator

import numpy as np

from scalestream.criteria.equations import judge
from scalestream.criteria.responses import Responses

NOT_ASKED = {"ratio": None, "gain_passes": False, "ratio_passes": False, "passes": False}


def evaluate(block: str, responses: Responses, tolerance: float, padded: int = 0) -> Iterator[dict]:
    """One row a channel of the block, as `equations.judge`, with two more measures of the response gain.

    normalized_gain: the gain as a share of Pre's answer to its own visualization; None where that is not above zero. gain_rank:
    the share of all channels, this one among them, whose In images give Pre at least this gain when they are magnified; at
    least 1 / C. tolerance: as in Eq. 2. padded: how many channels, the last ones, have no In but zeros: neither equation is
    asked of them, and so they do not pass.
    """
    x_in, x_scaled, x_pre = responses.x_in, responses.x_in_scaled, responses.x_pre
    terms = (x_in.pre, x_scaled.pre, x_in.post, x_pre.post)
    ranks = np.mean(responses.gains >= responses.gains.diagonal(), axis=0)
    columns = (matrix.diagonal().tolist() for matrix in terms)
    for channel, (own, peak, rank) in enumerate(zip(zip(*columns), x_pre.pre.diagonal().tolist(), ranks.tolist())):
        row = judge(block, channel, *own, tolerance)
        if channel >= len(x_in.pre) - padded:
            row |= NOT_ASKED
        yield row | {"normalized_gain": row["gain"] / peak if peak > 0 else None, "gain_rank": rank}
