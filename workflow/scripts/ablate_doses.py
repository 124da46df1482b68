"""Accuracies of a block with more and more channels ablated, at every scale."""

from job import checkpoint, run

from scalestream import dose, tables
from scalestream.evaluation import Evaluation
from scalestream.memory import keep_freed_memory
from scalestream.selection import by_gain


def main(snakemake) -> None:
    keep_freed_memory()
    block, settings = snakemake.wildcards.block, snakemake.params.settings
    with checkpoint(snakemake) as kept:
        evaluation = Evaluation.open(snakemake.input, block, settings, snakemake.params.batch_size, snakemake.threads, kept)
        ranked = [row["channel"] for row in by_gain(tables.read(snakemake.input.selection, tables.SELECTION))]
        conditions = dose.conditions(block, ranked, **settings["study.dose"], seed=settings["ablation.seed"])
        rows = evaluation.rows(conditions, [0, *settings["percents"]])
        tables.write(snakemake.output[0], tables.DOSE_RESPONSE, dose.rows(conditions, rows))


run(main, snakemake)
