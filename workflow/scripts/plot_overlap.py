"""Top images in common."""

from job import run

from scalestream import tables
from scalestream.figures import save, styled
from scalestream.figures.natural import overlap


def main(snakemake) -> None:
    with styled():
        save(overlap(tables.read(snakemake.input[0], tables.OVERLAP).to_pylist()), *snakemake.output)


run(main, snakemake)
