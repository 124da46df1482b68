"""Whether ratios are lower at a scale than at no scale, by the correctness of single images."""

from job import checkpoint, run
from scalestream.ablation.tables import ABLATION
from scalestream.run import tables
from scalestream.run.progress import watched
from scalestream.study.effects import comparisons, corrected, effects
from scalestream.study.tables import EFFECTS


def main(snakemake) -> None:
    settings = snakemake.params.settings
    compared = list(comparisons(tables.read(snakemake.input, ABLATION).to_pandas()))
    rows = []
    with checkpoint(snakemake) as kept:
        for names, correct in watched("comparisons", len(compared), "comparisons")(compared):
            key = "-".join(names.values())
            if (of_comparison := kept.get(key)) is None:
                of_comparison = effects(*correct, settings["study.resamples"], settings["ablation.seed"])
                kept.keep(key, lambda value=of_comparison: value, now=True)
            rows += (names | row for row in of_comparison)
        tables.write(snakemake.output[0], EFFECTS, corrected(rows))


if __name__ == "__main__":
    run(main, snakemake)
