"""Acceptance of the draws of each control."""

from job import run

from scalestream import tables
from scalestream.figures import save, styled
from scalestream.figures.acceptance import acceptance


def main(snakemake) -> None:
    with styled():
        save(acceptance(tables.read(snakemake.input[0], tables.ACCEPTANCE).to_pylist()), *snakemake.output)


run(main, snakemake)
