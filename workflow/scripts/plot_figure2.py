"""Figure 2."""

from job import run

from scalestream import tables
from scalestream.figures import save, styled
from scalestream.figures.ratios import figure2


def main(snakemake) -> None:
    with styled():
        save(figure2(tables.read(snakemake.input[0], tables.RATIOS).to_pylist()), *snakemake.output)


run(main, snakemake)
