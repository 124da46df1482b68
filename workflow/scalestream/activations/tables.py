"""The tables of center activations."""

import pyarrow as pa

from scalestream.run.tables import schema

ACTIVATIONS = schema(image=pa.string(), activations=pa.list_(pa.float32()))
MEAN_ACTIVATIONS = schema(layer=pa.string(), channel=pa.int32(), mean=pa.float64(), n_images=pa.int64())
TOP_IMAGES = schema(layer=pa.string(), channel=pa.int32(), rank=pa.int32(), activation=pa.float32(), image=pa.string())
