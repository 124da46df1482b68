"""How many seeds each channel passes with."""

from job import run

from scalestream import tables
from scalestream.statistics import stability


def main(snakemake) -> None:
    criteria = tables.read(snakemake.input.criteria, tables.CRITERIA).to_pylist()
    tables.write(snakemake.output[0], tables.STABILITY, stability(criteria))


run(main, snakemake)
