"""The tables of the ablation experiment."""

import pyarrow as pa

from scalestream.run.tables import schema

COUNTED = {"scale_percent": pa.int32(), "n_correct": pa.int64(), "n_images": pa.int64(), "accuracy": pa.float64()}
CANDIDATES = schema(
    ("accuracy", "correct", "trial"),
    block=pa.string(),
    control=pa.string(),
    draw=pa.int32(),
    channels=pa.list_(pa.int32()),
    n_correct=pa.int64(),
    n_seen=pa.int64(),
    accuracy=pa.float64(),
    accepted=pa.bool_(),
    trial=pa.int32(),
    correct=pa.binary(),
)
ABLATION = schema(
    ("trial",),
    block=pa.string(),
    replacement=pa.string(),
    condition=pa.string(),
    trial=pa.int32(),
    **COUNTED,
    correct=pa.binary(),
)
DIRECTIONS = schema(block=pa.string(), latent=pa.int32(), direction=pa.list_(pa.float32()))
RATIOS = schema(
    ("mean_ratio", "sem"),
    block=pa.string(),
    scale_percent=pa.int32(),
    mean_ratio=pa.float64(),
    sem=pa.float64(),
    n_trials=pa.int32(),
)
