"""Accuracies of a range of trials at every scale; with the first range go the conditions that they are compared with."""

from job import checkpoint, open_evaluation, run
from scalestream.ablation.evaluation import Condition, Evaluation
from scalestream.ablation.tables import ABLATION, CANDIDATES
from scalestream.run import tables


def main(snakemake) -> None:
    wildcards, percents = snakemake.wildcards, snakemake.params.settings["percents"]
    draws = [row for row in tables.read(snakemake.input.screening, CANDIDATES).to_pylist() if row["trial"] is not None]
    trials = [Condition(wildcards.control, draw["trial"], draw["channels"]) for draw in draws]
    with checkpoint(snakemake) as kept:
        evaluation = open_evaluation(snakemake, kept, wildcards.replacement)
        references = references_of(evaluation, wildcards) if wildcards.first == "0" else []
        if wildcards.replacement == "mean":  # as in screening, so no scale has been measured
            rows = evaluation.rows([*references, *trials], percents)
            rows += (evaluation.row(trial, 0, draw["n_correct"], draw["correct"]) for trial, draw in zip(trials, draws))
        else:
            rows = evaluation.rows([*references, *trials], [0, *percents])
        rows.sort(key=lambda row: (row["trial"] is not None, row["trial"], row["condition"], row["scale_percent"]))
        tables.write(snakemake.output[0], ABLATION, rows)


def references_of(evaluation: Evaluation, wildcards) -> list[Condition]:
    """The paper's have the intact network and the scale condition; another replacement changes the latter, another control
    neither."""
    if wildcards.control != "random":
        return []
    return [condition for condition in evaluation.references if condition.channels or wildcards.replacement == "mean"]


if __name__ == "__main__":
    run(main, snakemake)
