"""Accuracies at no scale of a block's intact network and scale condition."""

from job import checkpoint, open_evaluation, run
from scalestream.ablation.tables import ABLATION
from scalestream.run import tables


def main(snakemake) -> None:
    with checkpoint(snakemake) as kept:
        evaluation = open_evaluation(snakemake, kept)
        tables.write(snakemake.output[0], ABLATION, evaluation.rows(evaluation.references, [0]))


if __name__ == "__main__":
    run(main, snakemake)
