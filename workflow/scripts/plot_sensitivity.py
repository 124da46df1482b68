"""Sensitivity to the thresholds."""

from job import run

from scalestream import tables
from scalestream.figures import save, styled
from scalestream.figures.sensitivity import sensitivity


def main(snakemake) -> None:
    with styled():
        save(sensitivity(tables.read(snakemake.input[0], tables.SENSITIVITY).to_pylist()), *snakemake.output)


run(main, snakemake)
