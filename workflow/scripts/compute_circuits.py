"""What a block's weights say of In and Pre of every channel: are they one feature at two scales?"""

import logging

import numpy as np

from job import run
from scalestream.errors import NotLinearError
from scalestream.measures.circuits import Circuit, compare, judged, profiles, without_gradients
from scalestream.measures.tables import CIRCUIT_PROFILES, CIRCUITS, KERNELS
from scalestream.networks.manifest import Manifest
from scalestream.report.kernels import picture
from scalestream.run import tables
from scalestream.run.progress import watched

SHOWN = ("input", "pre", "pulled_back")


def main(snakemake) -> None:
    settings, files, name = snakemake.params.settings, snakemake.output, snakemake.wildcards.block
    manifest = Manifest.read(snakemake.input.manifest)
    block, octaves = manifest.blocks[name], settings["octaves"]
    try:
        circuit = Circuit.of(manifest.load(snakemake.input.weights), block, settings["images.crop"])
        compared = compare(circuit, octaves)
    except NotLinearError as operation:
        logging.warning(
            "measures.circuits: block %s has none; without activations it is not linear either, by %s", name, operation
        )
        compared = without_gradients(block.channels, octaves)
    cosines, pictures = [], []
    for channel, (column, kernels) in enumerate(watched("channels", block.channels, "channels")(compared)):
        cosines.append(column)
        shown = {each: picture(getattr(kernels, each), settings["images.std"]) for each in SHOWN} if kernels else {}
        pictures.append({"block": name, "channel": channel, **shown, "octaves": kernels and kernels.octaves})
    cosines = np.stack(cosines, axis=2)
    tables.write(files.circuits, CIRCUITS, [{"block": name} | row for row in judged(octaves, cosines)])
    tables.write(files.profiles, CIRCUIT_PROFILES, [{"block": name} | row for row in profiles(octaves, cosines)])
    tables.write(files.kernels, KERNELS, pictures)


if __name__ == "__main__":
    run(main, snakemake)
