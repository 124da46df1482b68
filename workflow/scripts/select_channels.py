"""Which channels of a block are ablated."""

import logging

from job import run
from scalestream.criteria.selection import select
from scalestream.criteria.tables import CRITERIA, SELECTION
from scalestream.measures.tables import VERDICTS
from scalestream.run import tables


def main(snakemake) -> None:
    criteria = tables.read(snakemake.input.criteria, CRITERIA).to_pandas()
    verdicts = tables.read(snakemake.input.verdicts, VERDICTS).to_pandas() if snakemake.input.verdicts else None
    settings = snakemake.params.settings
    rows = list(select(criteria, settings.get("ablation.selection"), verdicts, settings.get("ablation.channels")))
    tables.write(snakemake.output[0], SELECTION, rows)
    logging.info("%d of %d channels selected", sum(row["selected"] for row in rows), len(rows))


if __name__ == "__main__":
    run(main, snakemake)
