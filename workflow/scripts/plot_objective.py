"""The objective over the steps of the visualizations."""

from job import run

from scalestream import tables
from scalestream.figures import save, styled
from scalestream.figures.objective import objective


def main(snakemake) -> None:
    with styled():
        save(objective(tables.read(snakemake.input[0], tables.OBJECTIVE).to_pylist()), *snakemake.output)


run(main, snakemake)
