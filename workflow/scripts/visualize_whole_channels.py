"""Whole-channel visualizations of a block's passing channels at In, Pre and Post."""

from job import checkpoint, run

from scalestream import network, tables
from scalestream.architectures import blocks
from scalestream.criteria import passing_channels
from scalestream.memory import keep_freed_memory
from scalestream.progress import watched
from scalestream.visualization import Optimization, as_row, visualize


def main(snakemake) -> None:
    manifest = network.read_manifest(snakemake.input.manifest)
    block = blocks(manifest["architecture"])[snakemake.wildcards.block]
    channels = passing_channels(tables.read(snakemake.input.criteria, tables.CRITERIA))
    model = network.load(snakemake.input.manifest, snakemake.input.weights)
    keep_freed_memory()
    with checkpoint(snakemake) as kept, tables.writer(snakemake.output[0], tables.VISUALIZATIONS) as append:
        for layer in block.layers.values():
            optimization = Optimization.from_settings(snakemake.params.settings, layer)
            found = visualize(model, layer, channels, "channel", optimization,
                              watched(f"{layer} visualized", len(channels), "channels"), kept)
            append(as_row(image, layer, "channel", optimization) for image in found)


run(main, snakemake)
