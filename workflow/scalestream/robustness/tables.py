"""The table of accuracies of the intact network."""

import pyarrow as pa

from scalestream.run.tables import schema

ANSWERED = "answered_sha256"  # in the table's record: of the images' content and classes, wherever the files lie
ROBUSTNESS = schema(
    magnification=pa.float64(),
    crop=pa.int32(),
    n_correct=pa.int64(),
    n_images=pa.int64(),
    accuracy=pa.float64(),
    correct=pa.binary(),
)
