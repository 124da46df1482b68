"""Which channels of a block are scale invariant by which rule."""

import logging

from job import run
from scalestream.criteria.tables import CRITERIA
from scalestream.measures.tables import CIRCUITS, LAGS, VERDICTS
from scalestream.measures.verdicts import RULES, verdicts
from scalestream.run import tables


def main(snakemake) -> None:
    criteria, lags, circuits = (
        tables.read(path, schema).to_pylist() if path else None
        for path, schema in (
            (snakemake.input.criteria, CRITERIA),
            (snakemake.input.lags, LAGS),
            (snakemake.input.circuits, CIRCUITS),
        )
    )
    rows = list(verdicts(criteria, lags, circuits))
    tables.write(snakemake.output[0], VERDICTS, rows)
    called = {rule: sum(row[rule] for row in rows) for rule in RULES if rows[0][rule] is not None}
    logging.info("of %d channels: %s", len(rows), ", ".join(f"{count} {rule}" for rule, count in called.items()))


if __name__ == "__main__":
    run(main, snakemake)
