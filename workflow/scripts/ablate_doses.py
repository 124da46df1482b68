"""Accuracies of a block with more and more channels ablated, at every scale."""

from job import checkpoint, open_evaluation, run
from scalestream.criteria.selection import by_gain
from scalestream.criteria.tables import SELECTION
from scalestream.run import tables
from scalestream.study import dose
from scalestream.study.tables import DOSE_RESPONSE


def main(snakemake) -> None:
    settings = snakemake.params.settings
    with checkpoint(snakemake) as kept:
        evaluation = open_evaluation(snakemake, kept)
        ranked = [row["channel"] for row in by_gain(tables.read(snakemake.input.selection, SELECTION))]
        conditions = dose.conditions(
            snakemake.wildcards.block, ranked, **settings["study.dose"], seed=settings["ablation.seed"]
        )
        rows = evaluation.rows(conditions, [0, *settings["percents"]])
        tables.write(snakemake.output[0], DOSE_RESPONSE, dose.rows(conditions, rows))


if __name__ == "__main__":
    run(main, snakemake)
