"""Every channel by the two criteria."""

from job import run

from scalestream import tables
from scalestream.figures import save, styled
from scalestream.figures.criteria import scatter


def main(snakemake) -> None:
    with styled():
        save(scatter(tables.read(snakemake.input[0], tables.CRITERIA).to_pylist(), snakemake.params.settings["criteria.tolerance"]), *snakemake.output)


run(main, snakemake)
