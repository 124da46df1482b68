"""The tables of the measures, of the verdicts, and of what they recover of a network whose truth is known."""

import pyarrow as pa

from scalestream.run.tables import schema

_OF_CHANNEL = {"block": pa.string(), "channel": pa.int32()}
_BY_OCTAVE = {"octaves": pa.list_(pa.float64()), "matched": pa.list_(pa.float32())}
_LAG = ("peak_lag", "unmatched_lag", "unmatched_lower", "unmatched_upper", "excess", "excess_lower", "excess_upper")
_TOLERANCE = ("tolerance_in", "tolerance_post", "tolerance_gain", "tolerance_lower", "tolerance_upper")
LAGS = schema(
    ("matched", "correlation", "p_row", "p_column", *_LAG, *_TOLERANCE),
    **_OF_CHANNEL,
    **_BY_OCTAVE,
    **dict.fromkeys(("correlation", "p_row", "p_column", *_LAG, *_TOLERANCE), pa.float64()),
    n_images=pa.int64(),
)
CIRCUITS = schema(
    ("matched", "preferred", "kappa", "evidence", "p_row", "p_column"),
    **_OF_CHANNEL,
    **_BY_OCTAVE,
    **dict.fromkeys(("kappa", "preferred", "evidence", "p_row", "p_column"), pa.float64()),
)
PROFILES = schema(
    ("matched", "unmatched", "z", "p"),
    block=pa.string(),
    octaves=pa.float64(),
    n_channels=pa.int32(),
    matched=pa.float64(),
    unmatched=pa.float64(),
    z=pa.float64(),
    p=pa.float64(),
)
CIRCUIT_PROFILES = PROFILES.append(pa.field("n_larger", pa.int32(), nullable=False))
KERNELS = schema(
    ("input", "pre", "pulled_back", "octaves"),
    **_OF_CHANNEL,
    **dict.fromkeys(("input", "pre", "pulled_back"), pa.binary()),
    octaves=pa.float64(),
)
_MEASURED = ("lagged", "circuit", "both")
VERDICTS = schema(_MEASURED, **_OF_CHANNEL, **dict.fromkeys(("paper", "paper_gain", "paper_rank", *_MEASURED), pa.bool_()))
RULE_AGREEMENT = schema(
    ("kappa",),
    block=pa.string(),
    rule=pa.string(),
    other=pa.string(),
    **dict.fromkeys(("n_channels", "both", "rule_only", "other_only", "neither"), pa.int32()),
    agreement=pa.float64(),
    kappa=pa.float64(),
)
RECOVERY = schema(
    ("kind", "scale_invariant", "share", "lower", "upper"),
    rule=pa.string(),
    quantity=pa.string(),
    kind=pa.string(),
    scale_invariant=pa.bool_(),
    **dict.fromkeys(("n_networks", "count", "total"), pa.int32()),
    **dict.fromkeys(("share", "lower", "upper"), pa.float64()),
)
