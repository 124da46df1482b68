"""Which channels of a block are ablated."""

import logging

from job import run

from scalestream import tables
from scalestream.selection import select


def main(snakemake) -> None:
    criteria = tables.read(snakemake.input.criteria, tables.CRITERIA).to_pylist()
    rows = list(select(criteria, snakemake.params.settings["ablation.selection"]))
    tables.write(snakemake.output[0], tables.SELECTION, rows)
    logging.info("%d of %d channels selected", sum(row["selected"] for row in rows), len(rows))


run(main, snakemake)
