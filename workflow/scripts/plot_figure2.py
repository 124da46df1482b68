"""Figure 2."""

from job import run

from scalestream import tables
from scalestream.figures import figure2, save


def main(snakemake) -> None:
    figure = figure2(tables.read(snakemake.input.ratios, tables.RATIOS).to_pylist())
    save(figure, snakemake.output.png)
    save(figure, snakemake.output.pdf)


run(main, snakemake)
