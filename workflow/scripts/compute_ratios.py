"""Eq. 3 for every block and scale."""

import logging

from job import run
from scalestream.ablation.ratios import ratios
from scalestream.ablation.tables import ABLATION, RATIOS
from scalestream.run import tables


def main(snakemake) -> None:
    rows = list(ratios(tables.read(snakemake.input.ablation, ABLATION).to_pandas()))
    for row in rows:
        if row["mean_ratio"] is None:
            logging.warning(
                "block %(block)s, scale %(scale_percent)d %%: every random accuracy is zero, so there is no ratio", row
            )
    tables.write(snakemake.output[0], RATIOS, rows)


if __name__ == "__main__":
    run(main, snakemake)
