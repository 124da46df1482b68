"""Verdicts by natural images."""

from job import run

from scalestream import tables
from scalestream.figures import save, styled
from scalestream.figures.natural import natural_images


def main(snakemake) -> None:
    with styled():
        save(natural_images(tables.read(snakemake.input[0], tables.AGREEMENT).to_pylist()), *snakemake.output)


run(main, snakemake)
