"""The tables of verdicts and of the channels to ablate."""

import pyarrow as pa

from scalestream.run.tables import schema

JUDGED = {  # columns of a judged channel
    **dict.fromkeys(("pre_in", "pre_in_scaled", "post_in", "post_pre", "gain", "ratio"), pa.float32()),
    **dict.fromkeys(("gain_passes", "ratio_passes", "passes"), pa.bool_()),
}
CRITERIA = schema(("ratio",), block=pa.string(), channel=pa.int32(), **JUDGED, in_dead_gradient=pa.bool_(), seed=pa.int64())
SELECTION = schema(
    block=pa.string(), channel=pa.int32(), n_seeds=pa.int32(), n_passing=pa.int32(), gain=pa.float32(), selected=pa.bool_()
)
