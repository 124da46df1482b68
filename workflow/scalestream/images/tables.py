"""The table that the image list is."""

import pyarrow as pa

from scalestream.run.tables import schema

IMAGES = schema(
    path=pa.string(),
    width=pa.int32(),
    height=pa.int32(),
    size=pa.int64(),
    mode=pa.string(),
    sha256=pa.string(),
    wnid=pa.string(),
    class_index=pa.int32(),
)
