"""Mean activations of every Post channel, and the top nine images of every channel."""

from job import run

from scalestream import tables
from scalestream.activations import summarize
from scalestream.architectures import blocks
from scalestream.network import read_manifest


def main(snakemake) -> None:
    manifest = read_manifest(snakemake.input.manifest)
    post = {block.post for block in blocks(manifest["architecture"]).values()}
    with tables.writer(snakemake.output.means, tables.MEAN_ACTIVATIONS) as append_means, \
            tables.writer(snakemake.output.top, tables.TOP_IMAGES) as append_top:
        for (layer, channels), path in zip(manifest["layers"].items(), snakemake.input.activations, strict=True):
            with tables.batches(path, tables.ACTIVATIONS, 1024) as rows:
                summary = summarize(rows, channels)
            append_top(summary.top_rows(layer))
            if layer in post:
                append_means(summary.mean_rows(layer))


run(main, snakemake)
