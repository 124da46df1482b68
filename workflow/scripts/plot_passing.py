"""How many channels of each block pass."""

from job import run

from scalestream import tables
from scalestream.figures import save, styled
from scalestream.figures.criteria import passing


def main(snakemake) -> None:
    with styled():
        save(passing(tables.read(snakemake.input[0], tables.CRITERIA).to_pylist()), *snakemake.output)


run(main, snakemake)
