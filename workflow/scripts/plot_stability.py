"""Stability of the verdicts over seeds."""

from job import run

from scalestream import tables
from scalestream.figures import save, styled
from scalestream.figures.stability import stability


def main(snakemake) -> None:
    with styled():
        save(stability(tables.read(snakemake.input[0], tables.STABILITY).to_pylist()), *snakemake.output)


run(main, snakemake)
