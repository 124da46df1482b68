"""The tables of verdicts and of the channels to ablate."""

import pyarrow as pa

from scalestream.run.tables import schema

JUDGED = {  # columns of a judged channel
    **dict.fromkeys(("pre_in", "pre_in_scaled", "post_in", "post_pre", "gain", "ratio"), pa.float32()),
    **dict.fromkeys(("gain_passes", "ratio_passes", "passes"), pa.bool_()),
}
CRITERIA = schema(
    ("ratio", "normalized_gain"),
    block=pa.string(),
    channel=pa.int32(),
    **JUDGED,
    normalized_gain=pa.float32(),
    gain_rank=pa.float64(),
    in_dead_gradient=pa.bool_(),
    seed=pa.int64(),
)
SELECTION = schema(
    block=pa.string(), channel=pa.int32(), n_seeds=pa.int32(), n_passing=pa.int32(), gain=pa.float32(), selected=pa.bool_()
)
RESPONSES_TO_VISUALIZATIONS = schema(
    ("rewired",),
    block=pa.string(),
    seed=pa.int64(),
    source=pa.string(),
    channel=pa.int32(),
    magnification=pa.float64(),
    **dict.fromkeys(("in", "pre", "post", "rewired"), pa.list_(pa.float32())),
)
NULL = schema(
    block=pa.string(),
    seed=pa.int64(),
    n_channels=pa.int32(),
    gain_passing=pa.int32(),
    gain_expected=pa.float64(),
    ratio_passing=pa.int32(),
    ratio_expected=pa.float64(),
    passing=pa.int32(),
    **dict.fromkeys(("expected", "lower", "upper", "excess", "p"), pa.float64()),
)
