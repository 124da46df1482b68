"""How much of what is planted each rule finds."""

import logging

import pandas as pd

from job import run
from scalestream.measures.recovery import recovery
from scalestream.measures.tables import RECOVERY, VERDICTS
from scalestream.networks.tables import PLANTED_CHANNELS
from scalestream.run import tables


def main(snakemake) -> None:
    networks = zip(snakemake.input.channels, snakemake.input.verdicts, strict=True)
    of_networks = [
        tables.read(verdicts, VERDICTS)
        .to_pandas()
        .merge(tables.read(channels, PLANTED_CHANNELS).to_pandas(), on=["block", "channel"])
        .assign(network=number)
        for number, (channels, verdicts) in enumerate(networks)
    ]
    rows = list(recovery(pd.concat(of_networks, ignore_index=True)))
    tables.write(snakemake.output[0], RECOVERY, rows)
    for row in rows:
        if row["kind"] is None:
            logging.info("%s: %s %d of %d", row["rule"], row["quantity"], row["count"], row["total"])


if __name__ == "__main__":
    run(main, snakemake)
