"""Paired statistics."""

from job import run

from scalestream import tables
from scalestream.figures import save, styled
from scalestream.figures.effects import effects


def main(snakemake) -> None:
    with styled():
        save(effects(tables.read(snakemake.input[0], tables.EFFECTS).to_pylist()), *snakemake.output)


run(main, snakemake)
