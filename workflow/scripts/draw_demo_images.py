"""The embedded default's validation images."""

from job import run
from scalestream.images.demo import write_images
from scalestream.run.files import atomic_write


def main(snakemake) -> None:
    settings = snakemake.params.settings
    with atomic_write(snakemake.output[0]) as folder:
        write_images(folder, settings["images.demo"]["per_class"], settings["images.resize"], settings["images.demo"]["seed"])


if __name__ == "__main__":
    run(main, snakemake)
