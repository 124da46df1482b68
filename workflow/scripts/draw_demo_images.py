"""The embedded default's validation images."""

from job import run

from scalestream.demo import write_images
from scalestream.tables import in_place


def main(snakemake) -> None:
    settings = snakemake.params.settings
    with in_place(snakemake.output[0]) as folder:
        write_images(folder, settings["images.demo"]["per_class"], settings["images.resize"], settings["images.demo"]["seed"])


run(main, snakemake)
