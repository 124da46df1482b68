"""Center-neuron visualizations of a range of a layer's channels."""

import logging

from job import checkpoint, run

from scalestream import network, tables
from scalestream.memory import keep_freed_memory
from scalestream.progress import watched
from scalestream.visualization import Optimization, as_row, visualize


def main(snakemake) -> None:
    layer = snakemake.wildcards.layer
    channels = list(range(int(snakemake.wildcards.first), int(snakemake.wildcards.stop)))
    optimization = Optimization.from_settings(snakemake.params.settings, layer)
    keep_freed_memory()
    model = network.load(snakemake.input.manifest, snakemake.input.weights)
    with checkpoint(snakemake) as kept:
        found = visualize(model, layer, channels, "neuron", optimization, watched("visualized", len(channels), "channels"), kept)
        stuck = [image.channel for image in found if image.stuck]
        if stuck:
            logging.warning("%d of %d channels never became active, so their images are still noise: %s", len(stuck),
                            len(found), " ".join(map(str, stuck)))
        tables.write(snakemake.output[0], tables.VISUALIZATIONS,
                     (as_row(image, layer, "neuron", optimization) for image in found))


run(main, snakemake)
