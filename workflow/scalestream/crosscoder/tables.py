"""The tables of a crosscoder. `shuffled`: whether it was trained on samples whose Pre is another image's, as a control."""

import pyarrow as pa

from scalestream.run.tables import schema

_TRAINED = {"block": pa.string(), "shuffled": pa.bool_(), "seed": pa.int64()}
_BY_OCTAVE = pa.list_(pa.float64())
_LAGGED = ("shift", "lag", "direction", "null", "p")
_INVARIANCE = ("invariance_in", "invariance_post", "variation_in", "variation_post")
TRAINING = schema(
    **_TRAINED,
    width=pa.int32(),
    k=pa.int32(),
    step=pa.int32(),
    loss=pa.float64(),
    explained=pa.float64(),
    **dict.fromkeys(("explained_in", "explained_pre", "explained_post"), _BY_OCTAVE),
    **dict.fromkeys(("l0", "dead", "dense"), pa.float64()),
)
LATENTS = schema(
    (*_LAGGED, *_INVARIANCE, "match", "correlation", "along"),
    **_TRAINED,
    latent=pa.int32(),
    found=pa.bool_(),
    **dict.fromkeys(("firing", "power"), pa.float64()),
    **dict.fromkeys(("norms_in", "norms_pre"), _BY_OCTAVE),
    **dict.fromkeys((*_LAGGED, *_INVARIANCE, "match", "correlation"), pa.float64()),
    along=pa.list_(pa.float32()),
)
PROFILES = schema(
    ("matched", "peak_lag", "score", "null", "p_column"),
    **_TRAINED,
    channel=pa.int32(),
    octaves=_BY_OCTAVE,
    matched=_BY_OCTAVE,
    **dict.fromkeys(("peak_lag", "score", "null", "p_column"), pa.float64()),
)
_SHARE = ("share", "lower", "upper", "mean_share")
_BETWEEN_SEEDS = {"mmcs": pa.float64(), "match": pa.float64(), "n_recurring": pa.int32(), "n_recurring_found": pa.int32()}
_BEST = ("channels", "components", "chance")
SUMMARY = schema(
    (*_SHARE, *_BETWEEN_SEEDS, *_BEST),
    **_TRAINED,
    **dict.fromkeys(("n_latents", "n_live", "n_dense"), pa.int32()),
    **dict.fromkeys(("l0", "explained", "explained_components"), pa.float64()),
    n_found=pa.int32(),
    **dict.fromkeys(_SHARE, pa.float64()),
    **_BETWEEN_SEEDS,
    **dict.fromkeys(_BEST, pa.float64()),
    **dict.fromkeys(("n_beyond_channels", "n_beyond_all"), pa.int32()),
)
RECOVERY = schema(
    ("seed", "share", "lower", "upper"),
    rule=pa.string(),
    seed=pa.int64(),
    kind=pa.string(),
    scale_invariant=pa.bool_(),
    **dict.fromkeys(("n_called", "count", "total"), pa.int32()),
    **dict.fromkeys(("share", "lower", "upper"), pa.float64()),
)
