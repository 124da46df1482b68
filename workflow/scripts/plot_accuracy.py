"""Accuracy against scale."""

from job import run

from scalestream import tables
from scalestream.figures import save, styled
from scalestream.figures.accuracy import accuracy


def main(snakemake) -> None:
    with styled():
        save(accuracy(tables.read(snakemake.input[0], tables.ABLATION).to_pylist()), *snakemake.output)


run(main, snakemake)
