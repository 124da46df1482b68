"""Center-neuron visualizations at a block's Post of those of its channels that are shown."""

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
    layer, settings = snakemake.wildcards.layer, snakemake.params.settings
    passing = passing_channels(tables.read(snakemake.input.criteria, CRITERIA))
    channels = sorted({*passing, *settings["figure1"]})
    optimization = Optimization.from_settings(settings, layer)
    keep_freed_memory()
    network = Manifest.read(snakemake.input.manifest).load(snakemake.input.weights)
    watch = watched("visualized", len(channels), "channels")
    with checkpoint(snakemake) as kept:
        finished = visualize(network, layer, channels, "neuron", optimization, watch, kept)
        tables.write(snakemake.output[0], VISUALIZATIONS, (as_row(each, layer, "neuron", optimization) for each in finished))


if __name__ == "__main__":
    run(main, snakemake)
