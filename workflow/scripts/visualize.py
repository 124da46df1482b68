"""Center-neuron visualizations of a range of a layer's channels."""

from job import checkpoint, run
from scalestream.networks.manifest import Manifest
from scalestream.run import tables
from scalestream.run.malloc import keep_freed_memory
from scalestream.run.progress import watched
from scalestream.visualization.tables import VISUALIZATIONS
from scalestream.visualization.visualize import Optimization, as_row, visualize


def main(snakemake) -> None:
    visualize_channels(snakemake, list(range(int(snakemake.wildcards.first), int(snakemake.wildcards.stop))))


def visualize_channels(snakemake, channels: list[int]) -> None:
    """Visualizes channels of the job's layer, with its settings."""
    layer = snakemake.wildcards.layer
    optimization = Optimization.from_settings(snakemake.params.settings, layer)
    keep_freed_memory()
    network = Manifest.read(snakemake.input.manifest).load(snakemake.input.weights)
    watch = watched("visualized", len(channels), "channels")
    with checkpoint(snakemake) as kept:
        finished = visualize(network, layer, channels, "neuron", optimization, watch, kept)
        tables.write(snakemake.output[0], VISUALIZATIONS, (as_row(each, layer, "neuron", optimization) for each in finished))


if __name__ == "__main__":
    run(main, snakemake)
