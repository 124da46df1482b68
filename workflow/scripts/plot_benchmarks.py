"""Where the time of the run went."""

from job import run

from scalestream import tables
from scalestream.figures import save, styled
from scalestream.figures.benchmarks import time_by_rule


def main(snakemake) -> None:
    with styled():
        save(time_by_rule(tables.read(snakemake.input[0], tables.BENCHMARKS).to_pylist()), *snakemake.output)


run(main, snakemake)
