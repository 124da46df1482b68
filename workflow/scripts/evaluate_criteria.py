"""Eq. 1 and 2 for every channel of a block."""

import logging

from job import run
from scalestream.criteria.evaluation import evaluate
from scalestream.criteria.responses import Responses
from scalestream.criteria.tables import CRITERIA, RESPONSES_TO_VISUALIZATIONS
from scalestream.run import tables
from scalestream.visualization.tables import VISUALIZATIONS


def main(snakemake) -> None:
    responses = Responses.from_table(tables.read(snakemake.input.responses, RESPONSES_TO_VISUALIZATIONS))
    x_in = tables.read(snakemake.input.x_in, VISUALIZATIONS, ["channel", "dead_gradient", "seed"]).sort_by("channel")
    settings = snakemake.params.settings
    judged = evaluate(snakemake.wildcards.block, responses, settings["criteria.tolerance"], settings.get("padded", 0))
    rows = [
        row | {"in_dead_gradient": image["dead_gradient"], "seed": image["seed"]}
        for row, image in zip(judged, x_in.to_pylist(), strict=True)
    ]
    tables.write(snakemake.output[0], CRITERIA, rows)
    logging.info("%d of %d channels pass", sum(row["passes"] for row in rows), len(rows))


if __name__ == "__main__":
    run(main, snakemake)
