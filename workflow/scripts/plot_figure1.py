"""Figure 1."""

from job import run

from scalestream import tables
from scalestream.figures import save, styled
from scalestream.figures.grids import figure1


def main(snakemake) -> None:
    with styled():
        rows = tables.read(snakemake.input.grids, tables.GRIDS).to_pylist()
        save(figure1(row for row in rows if row["in_figure1"]), *snakemake.output)


run(main, snakemake)
