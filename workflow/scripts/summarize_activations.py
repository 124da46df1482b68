"""Mean activations of every Post channel, and the top nine images of every channel."""

import json
from pathlib import Path

from job import run

from scalestream import tables
from scalestream.activations import summarize
from scalestream.architectures import layer_channels, select_blocks


def main(snakemake) -> None:
    manifest = json.loads(Path(snakemake.input.manifest).read_text())
    analysed = select_blocks(manifest["architecture"], snakemake.params.settings["blocks"], "blocks")
    post = {block.post for block in analysed}
    with tables.writer(snakemake.output.means, tables.MEAN_ACTIVATIONS) as append_means, \
            tables.writer(snakemake.output.top, tables.TOP_IMAGES) as append_top:
        for (layer, channels), path in zip(layer_channels(analysed).items(), snakemake.input.activations, strict=True):
            summary = summarize(tables.open_table(path, tables.ACTIVATIONS).iter_batches(), channels)
            append_top(summary.top_rows(layer))
            if layer in post:
                append_means(summary.mean_rows(layer))


run(main, snakemake)
