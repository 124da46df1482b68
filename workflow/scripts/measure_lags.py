"""The scale-lag correlogram of a block, and its tolerance of magnification, over all images."""

from job import checkpoint, open_images, run
from scalestream.images.preprocessing import Normalization
from scalestream.measures.lags import lags, profiles, summed
from scalestream.measures.neurons import CenterNeurons
from scalestream.measures.tables import LAGS, PROFILES
from scalestream.networks.device import device
from scalestream.networks.manifest import Manifest
from scalestream.run import tables
from scalestream.run.malloc import keep_freed_memory


def main(snakemake) -> None:
    keep_freed_memory()
    settings = snakemake.params.settings
    manifest = Manifest.read(snakemake.input.manifest)
    block = manifest.blocks[snakemake.wildcards.block]
    paths, from_image = open_images(snakemake, manifest)
    with checkpoint(snakemake) as kept:
        model, normalization = manifest.load(snakemake.input.weights), Normalization.from_settings(settings)
        neurons = CenterNeurons(model, block, settings["images.crop"], settings["octaves"]).to(device())
        sums = summed(neurons, paths, from_image, kept, normalization)
        tables.write(snakemake.output.lags, LAGS, lags(block, sums, settings["measures.resamples"]))
        tables.write(snakemake.output.profiles, PROFILES, profiles(block, sums))


if __name__ == "__main__":
    run(main, snakemake)
