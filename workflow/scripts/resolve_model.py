"""Weights and manifest of the network under study."""

import logging

from job import run
from scalestream.networks.architectures import all_layers, architecture
from scalestream.networks.manifest import Manifest
from scalestream.networks.weights import fetch_weights, published_name, save, with_weights
from scalestream.run.files import atomic_write


def main(snakemake) -> None:
    settings = snakemake.params.settings
    name, weights = settings["model.architecture"], settings["model.weights"]
    state = fetch_weights(name, weights)
    network = with_weights(name, state, weights)
    published = published_name(name, weights)
    if published not in (None, weights):
        logging.info("%s is the file of %s", weights, published)
    with atomic_write(snakemake.output.weights) as path:
        sha256 = save(network, path)
    classes = architecture(name).classes(state)
    manifest = Manifest(name, weights, published, sha256, classes, all_layers(name))
    with atomic_write(snakemake.output.manifest) as path:
        manifest.write(path)


if __name__ == "__main__":
    run(main, snakemake)
