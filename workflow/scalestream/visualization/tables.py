"""The tables of feature visualizations."""

import pyarrow as pa

from scalestream.run.tables import schema

VISUALIZATIONS = schema(
    layer=pa.string(),
    channel=pa.int32(),
    objective=pa.string(),
    seed=pa.int64(),
    steps=pa.int32(),
    activation=pa.float32(),
    dead_gradient=pa.bool_(),
    started_silent=pa.bool_(),
    png=pa.binary(),
    trace=pa.list_(pa.float32()),
)
OBJECTIVE = schema(
    block=pa.string(),
    column=pa.string(),
    layer=pa.string(),
    step=pa.int32(),
    lower=pa.float32(),
    median=pa.float32(),
    upper=pa.float32(),
    n_channels=pa.int32(),
)
