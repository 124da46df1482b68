"""Accuracies of a range of trials at every scale; with the first range go the intact network and the scale condition."""

from job import checkpoint, run

from scalestream import tables
from scalestream.evaluation import Condition, Evaluation
from scalestream.memory import keep_freed_memory


def main(snakemake) -> None:
    keep_freed_memory()
    wildcards, percents = snakemake.wildcards, snakemake.params.settings["percents"]
    accepted = [row for row in tables.read(snakemake.input.screening, tables.CANDIDATES).to_pylist() if row["accepted"]]
    first = int(wildcards.first)
    trials = [Condition("random", trial, draw["channels"]) for trial, draw in enumerate(accepted, start=first)]
    with checkpoint(snakemake) as kept:
        evaluation = Evaluation.open(snakemake.input, wildcards.block, snakemake.params.settings, snakemake.params.batch_size,
                                     snakemake.threads, kept)
        references = evaluation.references if first == 0 else []
        rows = evaluation.rows([*references, *trials], percents)
        rows += (evaluation.row(trial, 0, draw["n_correct"]) for trial, draw in zip(trials, accepted))
        rows.sort(key=lambda row: (row["trial"] is not None, row["trial"], row["condition"], row["scale_percent"]))
        tables.write(snakemake.output[0], tables.ABLATION, rows)


run(main, snakemake)
