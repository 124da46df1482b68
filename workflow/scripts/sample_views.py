"""Activations that crosscoders of a block are trained on."""

import os

from job import checkpoint, open_cache, run
from scalestream.crosscoder.views import Crops, EquallyBlurred, measure
from scalestream.images.loading import batches
from scalestream.images.preprocessing import Normalization
from scalestream.measures.neurons import CenterNeurons
from scalestream.networks.device import device
from scalestream.networks.manifest import Manifest
from scalestream.run.malloc import keep_freed_memory
from scalestream.run.progress import watched


def main(snakemake) -> None:
    keep_freed_memory()
    settings, batch_size = snakemake.params.settings, snakemake.params.batch_size
    manifest = Manifest.read(snakemake.input.manifest)
    block = manifest.blocks[snakemake.wildcards.block]
    images, _ = open_cache(snakemake, manifest)
    crops = Crops(images, settings["crosscoder.crops"], settings["images.crop"])
    names = [path for path in images.paths for _ in range(crops.count)]
    watch = watched("crops", len(crops), "crops")

    def from_sample(first: int):
        return watch(batches(crops, batch_size, snakemake.threads, first), before=first, each=batch_size)

    with checkpoint(snakemake) as kept:
        kind = EquallyBlurred if settings["crosscoder.equal_blur"] else CenterNeurons
        model, normalization = manifest.load(snakemake.input.weights), Normalization.from_settings(settings)
        neurons = kind(model, block, settings["images.crop"], settings["octaves"]).to(device())
        place = kept.folder / "activations.npy"
        measure(neurons, names, from_sample, place, kept, normalization)
        os.replace(place, snakemake.output[0])


if __name__ == "__main__":
    run(main, snakemake)
