"""Visualizations of the directions in which the latents that are shown are written at In, or at Pre."""

from job import checkpoint, run
from scalestream.crosscoder.dictionary import Crosscoder
from scalestream.crosscoder.layer_directions import layer_directions
from scalestream.crosscoder.shown import of_main, shown
from scalestream.crosscoder.tables import LATENTS
from scalestream.networks.manifest import Manifest
from scalestream.run import tables
from scalestream.run.malloc import keep_freed_memory
from scalestream.run.progress import watched
from scalestream.visualization.objectives import Cosines
from scalestream.visualization.tables import VISUALIZATIONS
from scalestream.visualization.visualize import Optimization, as_row, visualize


def main(snakemake) -> None:
    settings, site = snakemake.params.settings, snakemake.wildcards.site
    manifest = Manifest.read(snakemake.input.manifest)
    layer = manifest.blocks[snakemake.wildcards.block].layers[site]
    latents = chosen(snakemake)
    directions = layer_directions(Crosscoder.load(snakemake.input.crosscoder).parts)[site]
    optimization = Optimization.from_settings(settings, layer)
    keep_freed_memory()
    watch = watched("visualized", len(latents), "latents")
    with checkpoint(snakemake) as kept:
        network, head = manifest.load(snakemake.input.weights), Cosines(directions)
        finished = visualize(network, layer, latents, "neuron", optimization, watch, kept, head)
        rows = (as_row(each, layer, "direction", optimization) for each in finished)
        tables.write(snakemake.output[0], VISUALIZATIONS, rows)


def chosen(snakemake) -> list[int]:
    """The latents of the job's block that are shown."""
    settings, rows = snakemake.params.settings, tables.read(snakemake.input.latents, LATENTS).to_pylist()
    return shown(of_main(rows, settings["seed"]), settings["crosscoder.shown"])


if __name__ == "__main__":
    run(main, snakemake)
