"""Figure 2."""

from job import run

from scalestream import tables
from scalestream.figures import figure2


def main(snakemake) -> None:
    figure = figure2(tables.read(snakemake.input.ratios, tables.RATIOS).to_pylist())
    figure.savefig(snakemake.output.png)
    figure.savefig(snakemake.output.pdf)


run(main, snakemake)
