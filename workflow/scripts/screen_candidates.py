"""Random draws at no scale, in order, until a range of trials is found or the candidates are used up."""

import logging

from job import run

from scalestream import tables
from scalestream.errors import InputError
from scalestream.evaluation import Evaluation
from scalestream.memory import keep_freed_memory
from scalestream.screening import most_accepted, random_channels, screen


def main(snakemake) -> None:
    keep_freed_memory()
    settings, block = snakemake.params.settings, snakemake.wildcards.block
    first, stop = int(snakemake.wildcards.first), int(snakemake.wildcards.stop)
    evaluation = Evaluation.open(snakemake.input, block, settings, snakemake.params.batch_size, snakemake.threads)
    reference = tables.read(snakemake.input.no_scale, tables.ABLATION).to_pylist()
    (scale,) = (row for row in reference if row["condition"] == "scale")
    most = most_accepted(scale["n_correct"], scale["n_images"], settings["slack"])
    rows = []
    for draw in screen(
        draws=lambda number: random_channels(block, number, evaluation.passing, evaluation.channels, settings["ablation.seed"]),
        tally=lambda sets: evaluation.tally(sets, most),
        first=1 + max((draw for path in snakemake.input.previous
                       for draw in tables.read(path, tables.CANDIDATES)["draw"].to_pylist()), default=-1),
        wanted=stop - first,
        limit=snakemake.params.max_candidates,
    ):
        accuracy = draw["n_correct"] / draw["n_seen"] if draw["accepted"] else None
        rows.append({"block": block, "accuracy": accuracy, **draw})
        logging.info("draw %(draw)d: %(n_correct)d correct of %(n_seen)d, accepted: %(accepted)s", draw)
    found = sum(row["accepted"] for row in rows)
    if found < stop - first:
        raise InputError(f"block {block}: {first + found} of {stop} trials found among the first "
                         f"{snakemake.params.max_candidates} draws; raise ablation.max_candidates or ablation.slack, or "
                         "lower ablation.trials")
    tables.write(snakemake.output[0], tables.CANDIDATES, rows)


run(main, snakemake)
