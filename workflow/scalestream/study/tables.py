"""The tables of a study, by question."""

import pyarrow as pa

from scalestream.ablation.tables import COUNTED
from scalestream.criteria.tables import JUDGED
from scalestream.run.tables import schema

STABILITY = schema(
    block=pa.string(),
    channel=pa.int32(),
    n_seeds=pa.int32(),
    n_passing=pa.int32(),
    share=pa.float64(),
    lower=pa.float64(),
    upper=pa.float64(),
)
SENSITIVITY = schema(
    block=pa.string(), seed=pa.int64(), threshold=pa.string(), value=pa.float64(), n_passing=pa.int32(), n_channels=pa.int32()
)
ACCEPTANCE = schema(
    block=pa.string(),
    control=pa.string(),
    n_draws=pa.int32(),
    n_accepted=pa.int32(),
    rate=pa.float64(),
    lower=pa.float64(),
    upper=pa.float64(),
)
DOSE_RESPONSE = schema(("draw",), block=pa.string(), condition=pa.string(), draw=pa.int32(), n_ablated=pa.int32(), **COUNTED)
LESIONS = schema(
    ("relative_accuracy",),
    block=pa.string(),
    replacement=pa.string(),
    **COUNTED,
    relative_accuracy=pa.float64(),
    correct=pa.binary(),
)
_INTERVALS = ("ratio", "ratio_lower", "ratio_upper", "sem", "difference", "difference_lower", "difference_upper")
_P = ("p_images", "p_images_holm", "p_sets", "p_sets_holm")
EFFECTS = schema(
    (*_INTERVALS, *_P),
    block=pa.string(),
    replacement=pa.string(),
    control=pa.string(),
    scale_percent=pa.int32(),
    n_images=pa.int64(),
    n_trials=pa.int32(),
    **dict.fromkeys((*_INTERVALS, *_P), pa.float64()),
)
IN_PRE_POST = {"in": pa.float32(), "pre": pa.float32(), "post": pa.float32()}
RESPONSES = schema(
    ("rank",),
    block=pa.string(),
    channel=pa.int32(),
    source=pa.string(),
    stimulus=pa.string(),
    rank=pa.int32(),
    magnification=pa.float64(),
    **IN_PRE_POST,
)
NATURAL_CRITERIA = schema(
    ("ratio",),
    block=pa.string(),
    channel=pa.int32(),
    n_images=pa.int32(),
    **JUDGED,
    visualization_passes=pa.bool_(),
    in_pre=pa.int32(),
    in_post=pa.int32(),
    pre_post=pa.int32(),
)
AGREEMENT = schema(
    ("kappa",),
    block=pa.string(),
    n_channels=pa.int32(),
    both=pa.int32(),
    visualization_only=pa.int32(),
    natural_only=pa.int32(),
    neither=pa.int32(),
    agreement=pa.float64(),
    kappa=pa.float64(),
)
OVERLAP = schema(
    block=pa.string(),
    group=pa.string(),
    n_channels=pa.int32(),
    in_pre=pa.float64(),
    in_post=pa.float64(),
    pre_post=pa.float64(),
    in_pre_none=pa.float64(),
    post_mixes=pa.float64(),
)
TUNING = schema(
    block=pa.string(), channel=pa.int32(), source=pa.string(), stimulus=pa.string(), magnification=pa.float64(), **IN_PRE_POST
)
_PEAKS = ("in_peak", "pre_peak", "post_peak")
PEAKS = schema(
    _PEAKS,
    block=pa.string(),
    channel=pa.int32(),
    source=pa.string(),
    stimulus=pa.string(),
    passes=pa.bool_(),
    **dict.fromkeys(_PEAKS, pa.float64()),
)
TIME_STEPS = schema(
    ("preferred_magnification", "same_feature"),
    area=pa.string(),
    step=pa.int32(),
    image_step=pa.int32(),
    channel=pa.int32(),
    stimulus=pa.string(),
    preferred_magnification=pa.float64(),
    same_feature=pa.bool_(),
)
PREFERENCE = schema(
    (*_PEAKS, "p"),
    block=pa.string(),
    group=pa.string(),
    source=pa.string(),
    stimulus=pa.string(),
    n_channels=pa.int32(),
    pre_larger=pa.int32(),
    equal=pa.int32(),
    pre_smaller=pa.int32(),
    **dict.fromkeys((*_PEAKS, "p"), pa.float64()),
)
NULLS = schema(
    ("gain_passes", "lower", "upper"),
    block=pa.string(),
    null=pa.string(),
    draw=pa.int32(),
    n_channels=pa.int32(),
    gain_passes=pa.int32(),
    **dict.fromkeys(("passes", "lower", "upper"), pa.float64()),
)
