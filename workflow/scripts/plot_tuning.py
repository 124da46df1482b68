"""Scale tuning."""

from job import run

from scalestream import tables
from scalestream.figures import save, styled
from scalestream.figures.tuning import tuning


def main(snakemake) -> None:
    with styled():
        save(tuning(tables.read(snakemake.input[0], tables.PREFERENCE).to_pylist()), *snakemake.output)


run(main, snakemake)
