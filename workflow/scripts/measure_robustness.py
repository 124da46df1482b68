"""Top-1 accuracy of the intact network at every magnification, over all images."""

from job import checkpoint, open_cache, run
from scalestream.images.loading import MagnifiedImages
from scalestream.images.preprocessing import Normalization
from scalestream.images.tables import IMAGES
from scalestream.networks.manifest import Manifest
from scalestream.robustness.accuracy import content_digest, correct_answers, rows
from scalestream.robustness.tables import ANSWERED, ROBUSTNESS
from scalestream.run import tables
from scalestream.run.malloc import keep_freed_memory


def main(snakemake) -> None:
    keep_freed_memory()
    settings = snakemake.params.settings
    manifest = Manifest.read(snakemake.input.manifest)
    cache, labels = open_cache(snakemake, manifest)
    images = MagnifiedImages(cache, labels, settings["magnifications"], settings["images.crop"])
    network, normalization = manifest.load(snakemake.input.weights), Normalization.from_settings(settings)
    with checkpoint(snakemake) as kept:
        correct = correct_answers(network, images, snakemake.params.batch_size, snakemake.threads, kept, normalization)
        answered = content_digest(tables.read(snakemake.input.images, IMAGES, ["sha256", "class_index"]).to_pylist())
        tables.write(snakemake.output[0], ROBUSTNESS, rows(images, correct), **{ANSWERED: answered})


if __name__ == "__main__":
    run(main, snakemake)
