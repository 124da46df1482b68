"""Accuracies of a range of trials: what screening found at no scale, and a run at every scale."""

from job import run

from scalestream import tables
from scalestream.evaluation import Evaluation


def main(snakemake) -> None:
    evaluation = Evaluation.open(snakemake.input, snakemake.wildcards.block, snakemake.params.settings,
                                 snakemake.params.batch_size, snakemake.threads)
    percents = snakemake.params.settings["percents"]
    accepted = [row for row in tables.read(snakemake.input.screening, tables.CANDIDATES).to_pylist() if row["accepted"]]
    correct = evaluation.count([row["channels"] for row in accepted], percents)
    tables.write(snakemake.output[0], tables.ABLATION, (
        evaluation.row("random", trial, percent, n_correct)
        for trial, (draw, counts) in enumerate(zip(accepted, correct), start=int(snakemake.wildcards.first))
        for percent, n_correct in zip([0, *percents], [draw["n_correct"], *counts])))


run(main, snakemake)
