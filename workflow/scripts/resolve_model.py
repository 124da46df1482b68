"""Weights and manifest of the network under study."""

import logging
from collections.abc import Iterator

import torch

from job import run
from scalestream.images.cache import ImageCache
from scalestream.images.loading import ScaleTransformedImages, batches
from scalestream.images.preprocessing import Normalization, network_input
from scalestream.images.tables import IMAGES
from scalestream.networks.architectures import description
from scalestream.networks.interface import TRAINED, planted_seed, random_seed
from scalestream.networks.manifest import Manifest
from scalestream.networks.weights import (
    classes,
    fetch_weights,
    permuted_network,
    planted_network,
    published_name,
    random_network,
    save,
    with_weights,
)
from scalestream.run import tables
from scalestream.run.files import atomic_write

STATISTICS = 256  # images that batch norms take their statistics from, at most
BATCH = 32


def main(snakemake) -> None:
    settings = snakemake.params.settings
    name, weights = settings["model.architecture"], settings["model.weights"]
    described = description(name)
    if (seed := random_seed(weights)) is not None:
        network = random_network(name, seed, views(snakemake), settings.get("model.stream", 1))
    elif (seed := planted_seed(weights)) is not None:
        network = planted_network(name, seed, settings["model.planted"])
    else:
        source = snakemake.input.weights if weights == TRAINED else weights
        network = with_weights(described, fetch_weights(name, source), source)
    if "permutation" in settings:
        network = permuted_network(network, settings["permutation"], views(snakemake))
    published = published_name(name, weights)
    if published not in (None, weights):
        logging.info("%s is the file of %s", weights, published)
    with atomic_write(snakemake.output.weights) as path:
        sha256 = save(network, path)
    manifest = Manifest(weights, published, sha256, classes(described, network.state_dict()), described)
    with atomic_write(snakemake.output.manifest) as path:
        manifest.write(path)


def views(snakemake) -> Iterator[torch.Tensor]:
    """Network input (N, 3, S, S) of images spread evenly over the run's, at no scale."""
    settings = snakemake.params.settings
    cache = ImageCache.of_list(tables.read(snakemake.input.images, IMAGES, ["path"]), snakemake.input.cache, settings)
    count = min(len(cache), STATISTICS)
    chosen = [len(cache) * number // count for number in range(count)]
    images = ScaleTransformedImages(cache, [0] * len(cache), [0], settings["images.crop"])
    normalization = Normalization.from_settings(settings)
    for batch, _ in batches(images, BATCH, snakemake.threads, order=chosen):
        yield network_input(batch[:, 0], torch.device("cpu"), normalization)


if __name__ == "__main__":
    run(main, snakemake)
