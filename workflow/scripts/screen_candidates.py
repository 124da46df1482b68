"""Random draws at no scale, in order, until a range of trials is found or the candidates are used up."""

import logging
from collections.abc import Iterator

from job import checkpoint, run

from scalestream import tables
from scalestream.errors import InputError
from scalestream.evaluation import Evaluation
from scalestream.memory import keep_freed_memory
from scalestream.screening import most_accepted, random_channels, screen


def main(snakemake) -> None:
    keep_freed_memory()
    block, wanted = snakemake.wildcards.block, int(snakemake.wildcards.stop) - int(snakemake.wildcards.first)
    with checkpoint(snakemake) as kept:
        evaluation = Evaluation.open(snakemake.input, block, snakemake.params.settings, snakemake.params.batch_size,
                                     snakemake.threads, kept)
        rows = []
        for draw in screened(evaluation, block, wanted, snakemake):
            accuracy = draw["n_correct"] / draw["n_seen"] if draw["accepted"] else None
            rows.append({"block": block, "accuracy": accuracy, **draw})
            logging.info("draw %(draw)d: %(n_correct)d correct of %(n_seen)d, accepted: %(accepted)s", draw)
        found = sum(row["accepted"] for row in rows)
        if found < wanted:
            raise InputError(f"block {block}: {int(snakemake.wildcards.first) + found} of {snakemake.wildcards.stop} trials "
                             f"found among the first {snakemake.params.max_candidates} draws; raise ablation.max_candidates "
                             "or ablation.slack, or lower ablation.trials")
        tables.write(snakemake.output[0], tables.CANDIDATES, rows)


def screened(evaluation: Evaluation, block: str, wanted: int, snakemake) -> Iterator[dict]:
    """Draws from the first that the trials before these left, until as many are accepted as are wanted."""
    settings = snakemake.params.settings
    (scale,) = (row for row in tables.read(snakemake.input.no_scale, tables.ABLATION).to_pylist() if row["condition"] == "scale")
    most = most_accepted(scale["n_correct"], scale["n_images"], settings["slack"])
    return screen(
        draws=lambda number: random_channels(block, number, evaluation.passing, evaluation.channels, settings["ablation.seed"]),
        tally=lambda numbers, sets: evaluation.tally(sets, most, f"draws-{numbers.start}-{numbers.stop}"),
        first=1 + max((draw for path in snakemake.input.previous
                       for draw in tables.read(path, tables.CANDIDATES)["draw"].to_pylist()), default=-1),
        wanted=wanted,
        limit=snakemake.params.max_candidates,
    )


run(main, snakemake)
