"""Accuracies at no scale of a block's intact network and scale condition."""

from job import checkpoint, run

from scalestream import tables
from scalestream.evaluation import Evaluation
from scalestream.memory import keep_freed_memory


def main(snakemake) -> None:
    keep_freed_memory()
    with checkpoint(snakemake) as kept:
        evaluation = Evaluation.open(snakemake.input, snakemake.wildcards.block, snakemake.params.settings,
                                     snakemake.params.batch_size, snakemake.threads, kept)
        tables.write(snakemake.output[0], tables.ABLATION, evaluation.rows(evaluation.references, [0]))


run(main, snakemake)
