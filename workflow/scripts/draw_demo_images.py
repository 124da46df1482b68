"""The embedded default's validation images."""

from pathlib import Path

from job import run

from scalestream.demo import write_images


def main(snakemake) -> None:
    settings = snakemake.params.settings
    write_images(Path(snakemake.output[0]), settings["images.demo"]["per_class"], settings["images.resize"],
                 settings["images.demo"]["seed"])


run(main, snakemake)
