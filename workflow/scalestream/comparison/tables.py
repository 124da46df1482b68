"""The tables of a family of networks."""

import pyarrow as pa

from scalestream.run.tables import schema

_OPTIONAL = ("recipe", "seed")
_MEMBER = {"network": pa.string(), "arm": pa.string(), "recipe": pa.string(), "seed": pa.int64()}
FAMILY_ROBUSTNESS = schema(
    (*_OPTIONAL, "relative"),
    **_MEMBER,
    magnification=pa.float64(),
    accuracy=pa.float64(),
    relative=pa.float64(),
    logit_difference=pa.float64(),
    n_images=pa.int64(),
)
_DIFFERENCE = ("arm_mean", "reference_mean", "mean_difference", "lower", "upper", "p", "p_holm")
CONTRASTS = schema(  # magnification: missing for the mean over all above 1
    ("recipe", "magnification", *_DIFFERENCE),
    recipe=pa.string(),
    arm=pa.string(),
    reference=pa.string(),
    magnification=pa.float64(),
    measure=pa.string(),
    **dict.fromkeys(_DIFFERENCE, pa.float64()),
    n_seeds=pa.int32(),
    smallest_p=pa.float64(),
    clean_overlap=pa.bool_(),
)
_DEPTH = {"block": pa.string(), "depth": pa.float64(), "growth": pa.float64()}
PASSING_SHARES = schema(  # passing: a number of channels; share to excess are shares of n_channels
    (*_OPTIONAL, "growth"),
    **_MEMBER,
    **_DEPTH,
    n_channels=pa.int32(),
    passing=pa.int32(),
    **dict.fromkeys(("share", "expected", "lower", "upper", "excess", "p"), pa.float64()),
)
_LAGS = ("peak_lag", "lower", "upper", "unmatched_lag")
PEAK_LAGS = schema(
    (*_OPTIONAL, "growth", *_LAGS),
    **_MEMBER,
    **_DEPTH,
    n_channels=pa.int32(),
    n_decided=pa.int32(),
    **dict.fromkeys(_LAGS, pa.float64()),
)
FAMILY_RATIOS = schema(
    (*_OPTIONAL, "mean_ratio", "sem"),
    **_MEMBER,
    block=pa.string(),
    magnification=pa.float64(),
    mean_ratio=pa.float64(),
    sem=pa.float64(),
    n_trials=pa.int32(),
)
RUNS = schema(
    ("block", "scale_percent", "text", "number"),
    section=pa.string(),
    item=pa.string(),
    block=pa.string(),
    scale_percent=pa.int32(),
    run=pa.string(),
    text=pa.string(),
    number=pa.float64(),
)
