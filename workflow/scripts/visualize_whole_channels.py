"""Whole-channel visualizations of a block's passing channels at In, Pre and Post."""

from job import checkpoint, run
from scalestream.criteria.selection import passing_channels
from scalestream.criteria.tables import CRITERIA
from scalestream.networks.manifest import Manifest
from scalestream.run import tables
from scalestream.run.malloc import keep_freed_memory
from scalestream.run.progress import watched
from scalestream.visualization.tables import VISUALIZATIONS
from scalestream.visualization.visualize import Optimization, as_row, visualize


def main(snakemake) -> None:
    manifest = Manifest.read(snakemake.input.manifest)
    channels = passing_channels(tables.read(snakemake.input.criteria, CRITERIA))
    network = manifest.load(snakemake.input.weights)
    keep_freed_memory()
    with checkpoint(snakemake) as kept, tables.writer(snakemake.output[0], VISUALIZATIONS) as append:
        for layer in manifest.blocks[snakemake.wildcards.block].layers.values():
            optimization = Optimization.from_settings(snakemake.params.settings, layer)
            watch = watched(f"{layer} visualized", len(channels), "channels")
            finished = visualize(network, layer, channels, "channel", optimization, watch, kept)
            append(as_row(each, layer, "channel", optimization) for each in finished)


if __name__ == "__main__":
    run(main, snakemake)
