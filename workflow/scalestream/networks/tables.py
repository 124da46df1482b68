"""The table of what is planted in a network."""

import pyarrow as pa

from scalestream.run.tables import schema

PLANTED_CHANNELS = schema(
    ("octaves",),
    block=pa.string(),
    channel=pa.int32(),
    kind=pa.string(),
    scale_invariant=pa.bool_(),
    octaves=pa.float64(),
    axis=pa.string(),
    orientation=pa.int32(),
    polarity=pa.int32(),
)
