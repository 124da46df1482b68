"""Eq. 3 for every block and scale."""

import logging

from job import run

from scalestream import tables
from scalestream.statistics import ratios


def main(snakemake) -> None:
    rows = list(ratios(tables.read(snakemake.input.ablation, tables.ABLATION)))
    for row in rows:
        if row["mean_ratio"] is None:
            logging.warning("block %(block)s, scale %(scale_percent)d %%: every random accuracy is zero, so there is no ratio",
                            row)
    tables.write(snakemake.output[0], tables.RATIOS, rows)


run(main, snakemake)
