"""Accuracies of a range of trials at every scale; with the first range go the conditions that they are compared with."""

from job import checkpoint, run

from scalestream import tables
from scalestream.evaluation import Condition, Evaluation
from scalestream.memory import keep_freed_memory


def main(snakemake) -> None:
    keep_freed_memory()
    wildcards, percents = snakemake.wildcards, snakemake.params.settings["percents"]
    draws = [row for row in tables.read(snakemake.input.screening, tables.CANDIDATES).to_pylist() if row["trial"] is not None]
    trials = [Condition(wildcards.control, draw["trial"], draw["channels"]) for draw in draws]
    with checkpoint(snakemake) as kept:
        evaluation = Evaluation.open(snakemake.input, wildcards.block, snakemake.params.settings, snakemake.params.batch_size,
                                     snakemake.threads, kept, wildcards.kind)
        references = references_of(evaluation, wildcards) if wildcards.first == "0" else []
        if wildcards.kind == "mean":  # as in screening, so no scale has been measured
            rows = evaluation.rows([*references, *trials], percents)
            rows += (evaluation.row(trial, 0, draw["n_correct"], draw["correct"]) for trial, draw in zip(trials, draws))
        else:
            rows = evaluation.rows([*references, *trials], [0, *percents])
        rows.sort(key=lambda row: (row["trial"] is not None, row["trial"], row["condition"], row["scale_percent"]))
        tables.write(snakemake.output[0], tables.ABLATION, rows)


def references_of(evaluation: Evaluation, wildcards) -> list[Condition]:
    """The paper's have the intact network and the scale condition; another kind of ablation changes the latter, another control
    neither."""
    if wildcards.control != "random":
        return []
    return [condition for condition in evaluation.references if condition.channels or wildcards.kind == "mean"]


run(main, snakemake)
