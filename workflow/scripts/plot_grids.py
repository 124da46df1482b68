"""Figures 3 and 4: the grids of all passing channels of some blocks, page by page."""

from job import run

from scalestream import tables
from scalestream.figures import save_pages, styled
from scalestream.figures.grids import pages


def main(snakemake) -> None:
    blocks = snakemake.params.settings["blocks"]
    with styled():
        rows = tables.read(snakemake.input.grids, tables.GRIDS).to_pylist()
        save_pages(pages(row for row in rows if row["passes"] and row["block"] in blocks),
                   snakemake.output.pdf, snakemake.output.pages)


run(main, snakemake)
