"""Accuracies of a block's intact network and scale condition, at some scales."""

from job import run

from scalestream import tables
from scalestream.evaluation import Evaluation


def main(snakemake) -> None:
    evaluation = Evaluation.open(snakemake.input, snakemake.wildcards.block, snakemake.params.settings, snakemake.params.batch_size,
                                 snakemake.threads)
    percents = snakemake.params.settings["percents"]
    correct = evaluation.count([[], evaluation.passing], percents)
    tables.write(snakemake.output[0], tables.ABLATION, (
        evaluation.row(condition, None, percent, n_correct)
        for condition, counts in zip(("intact", "scale"), correct)
        for percent, n_correct in zip(percents, counts)))


run(main, snakemake)
