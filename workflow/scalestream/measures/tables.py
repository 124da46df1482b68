"""The tables of the measures, of the verdicts, and of what they recover of a network whose truth is known."""

import pyarrow as pa

from scalestream.run.tables import schema

_OF_CHANNEL = {"block": pa.string(), "channel": pa.int32()}
_BY_OCTAVE = {"octaves": pa.list_(pa.float64()), "matched": pa.list_(pa.float32())}
_LAG = ("peak_lag", "unmatched_lag", "unmatched_lower", "unmatched_upper", "excess", "excess_lower", "excess_upper")
_TOLERANCE = ("tolerance_in", "tolerance_post", "tolerance_gain", "tolerance_lower", "tolerance_upper")
LAGS = schema(
    (*_LAG, *_TOLERANCE),
    **_OF_CHANNEL,
    **_BY_OCTAVE,
    **dict.fromkeys(("correlation", "p_row", "p_column", *_LAG, *_TOLERANCE), pa.float64()),
    n_images=pa.int64(),
)
CIRCUITS = schema(
    ("preferred", "kappa", "evidence", "p_row", "p_column"),
    **_OF_CHANNEL,
    **_BY_OCTAVE,
    **dict.fromkeys(("kappa", "preferred", "evidence", "p_row", "p_column"), pa.float64()),
)
PROFILES = schema(
    ("z", "p"),
    block=pa.string(),
    octaves=pa.float64(),
    n_channels=pa.int32(),
    matched=pa.float64(),
    z=pa.float64(),
    p=pa.float64(),
)
KERNELS = schema(**_OF_CHANNEL, input=pa.binary(), pre=pa.binary(), octaves=pa.float64())
VERDICTS = schema(**_OF_CHANNEL, **dict.fromkeys(("paper", "lagged", "circuit", "both"), pa.bool_()))
