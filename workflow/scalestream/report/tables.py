"""The tables that figures, atlas and report are drawn from."""

import pyarrow as pa

from scalestream.run.tables import schema

THUMBNAILS = schema(
    ("visualization",), layer=pa.string(), channel=pa.int32(), visualization=pa.binary(), top_images=pa.binary()
)
GRIDS = schema(
    ("whole_channel",),
    block=pa.string(),
    channel=pa.int32(),
    passes=pa.bool_(),
    in_figure1=pa.bool_(),
    column=pa.string(),
    dead_gradient=pa.bool_(),
    center_neuron=pa.binary(),
    whole_channel=pa.binary(),
    top_images=pa.binary(),
)
_OPTIONAL = (
    "block",
    "scale_percent",
    "this_run",
    "expected",
    "paper_channels",
    "run_channels",
    "jaccard",
    "chance_overlap",
    "chance_probability",
)
PAPER_COMPARISON = schema(
    _OPTIONAL,
    quantity=pa.string(),
    block=pa.string(),
    scale_percent=pa.int32(),
    unit=pa.string(),
    paper=pa.float64(),
    this_run=pa.float64(),
    expected=pa.float64(),
    tolerance=pa.float64(),
    verdict=pa.string(),
    reason=pa.string(),
    paper_channels=pa.list_(pa.int32()),
    run_channels=pa.list_(pa.int32()),
    jaccard=pa.float64(),
    chance_overlap=pa.float64(),
    chance_probability=pa.float64(),
)
BENCHMARKS = schema(
    ("cpu_seconds", "max_rss_mb"),
    rule=pa.string(),
    job=pa.string(),
    seconds=pa.float64(),
    cpu_seconds=pa.float64(),
    max_rss_mb=pa.float64(),
)
LATENT_EXAMPLES = schema(
    block=pa.string(),
    latent=pa.int32(),
    site=pa.string(),
    octaves=pa.float64(),
    images=pa.list_(pa.string()),
    picture=pa.binary(),
)
