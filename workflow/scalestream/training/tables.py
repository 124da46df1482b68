"""The table of a training."""

import pyarrow as pa

from scalestream.run.tables import schema

# An epoch, counted from 1: the learning rate of its first step; mean loss and top-1 accuracy over the views that it was trained
# on, each by the weights of its step; top-1 accuracy over the run's images at no scale, by the weights of its end.
EPOCHS = schema(
    epoch=pa.int32(),
    learning_rate=pa.float64(),
    loss=pa.float64(),
    accuracy=pa.float64(),
    validation_accuracy=pa.float64(),
    images_per_second=pa.float64(),
)
