"""Random draws at no scale, in order, until a range of trials is found or the candidates are used up."""

import logging

from job import run

from scalestream import tables
from scalestream.ablation import is_accepted, random_channels, screen
from scalestream.errors import InputError
from scalestream.evaluation import Evaluation


def main(snakemake) -> None:
    settings, wildcards = snakemake.params.settings, snakemake.wildcards
    evaluation = Evaluation.open(snakemake.input, wildcards.block, snakemake.params.settings, snakemake.params.batch_size,
                                 snakemake.threads)
    reference = tables.read(snakemake.input.no_scale, tables.ABLATION).to_pylist()
    (scale_correct,) = (row["n_correct"] for row in reference if row["condition"] == "scale")
    rows = []
    for draw in screen(
        draws=lambda number: random_channels(wildcards.block, number, evaluation.passing, evaluation.channels,
                                             settings["ablation.seed"]),
        count=lambda sets: evaluation.count(sets, [0])[:, 0].tolist(),
        accepts=lambda n_correct: is_accepted(n_correct, scale_correct, evaluation.n_images, settings["slack"]),
        first=1 + max((draw for path in snakemake.input.previous
                       for draw in tables.read(path, tables.CANDIDATES)["draw"].to_pylist()), default=-1),
        wanted=int(wildcards.stop) - int(wildcards.first),
        limit=snakemake.params.max_candidates,
    ):
        rows.append({"block": wildcards.block, "accuracy": draw["n_correct"] / evaluation.n_images, **draw})
        logging.info("draw %(draw)d: %(n_correct)d correct, accepted: %(accepted)s", draw)
    found = sum(row["accepted"] for row in rows)
    first, stop = int(wildcards.first), int(wildcards.stop)
    if found < stop - first:
        raise InputError(f"block {wildcards.block}: {first + found} of {stop} trials found among the first "
                         f"{snakemake.params.max_candidates} draws; raise ablation.max_candidates or ablation.slack, or "
                         "lower ablation.trials")
    tables.write(snakemake.output[0], tables.CANDIDATES, rows)


run(main, snakemake)
