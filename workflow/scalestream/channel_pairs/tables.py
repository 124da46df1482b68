"""The tables of pairs of channels of two layers."""

import pyarrow as pa

from scalestream.run.tables import schema

PAIR = {"earlier": pa.string(), "later": pa.string()}
CHANNEL_RESPONSES = schema(
    **PAIR,
    channel=pa.int32(),
    peak=pa.float32(),
    silent=pa.bool_(),
    **dict.fromkeys(("response", "response_scaled"), pa.list_(pa.float32())),
)
MATCHED = {  # columns of a channel that has a match
    "match": pa.int32(),
    **dict.fromkeys(("response", "response_scaled", "gain", "score", "normalized_gain", "return_gain"), pa.float32()),
    "rank": pa.int32(),
    **dict.fromkeys(("p", "like_signs"), pa.float64()),
}
CHANNEL_PAIRS = schema(MATCHED, **PAIR, channel=pa.int32(), **MATCHED)
CHANNEL_PAIR_COUNTS = schema(
    **PAIR,
    n_channels=pa.int32(),
    n_compared=pa.int32(),
    matched=pa.int32(),
    **dict.fromkeys(("expected", "lower", "upper", "p"), pa.float64()),
)
CHANNEL_PAIR_PICTURES = schema(
    ("normalized_gain", "p"),
    **PAIR,
    channel=pa.int32(),
    match=pa.int32(),
    **dict.fromkeys(("response", "response_scaled", "peak", "normalized_gain"), pa.float32()),
    p=pa.float64(),
    **dict.fromkeys(("image", "image_scaled", "image_of_match"), pa.binary()),
)
