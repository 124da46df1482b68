"""Whether ratios are lower at a scale than at no scale, by the correctness of single images."""

from collections.abc import Iterator

import numpy as np
from job import checkpoint, run

from scalestream import tables
from scalestream.answers import unpacked
from scalestream.paired import corrected, effects
from scalestream.progress import watched


def main(snakemake) -> None:
    settings = snakemake.params.settings
    compared = list(comparisons(tables.read(snakemake.input, tables.ABLATION).to_pylist()))
    found = []
    with checkpoint(snakemake) as kept:
        for place, answers in watched("comparisons", len(compared), "comparisons")(compared):
            name = "-".join(place.values())
            if (rows := kept.get(name)) is None:
                rows = effects(*answers, settings["study.resamples"], settings["ablation.seed"])
                kept.keep(name, lambda rows=rows: rows, now=True)
            found += (place | row for row in rows)
        tables.write(snakemake.output[0], tables.EFFECTS, corrected(found))


def comparisons(rows: list[dict]) -> Iterator[tuple[dict[str, str], tuple[np.ndarray, np.ndarray, list[int]]]]:
    """Block, kind of ablation and control; the correctness (scales, images) of the scale condition, that (trials, scales, images)
    of the control's trials, and the scales."""
    correct = {(row["block"], row["kind"], row["condition"], row["trial"], row["scale_percent"]):
               unpacked(row["correct"], row["n_images"]) for row in rows}
    percents = sorted({row["scale_percent"] for row in rows})
    for block, kind, control in dict.fromkeys((row["block"], row["kind"], row["condition"]) for row in rows):
        trials = sorted({row["trial"] for row in rows
                         if (row["block"], row["kind"], row["condition"]) == (block, kind, control)} - {None})
        if trials:
            scale = np.array([correct[block, kind, "scale", None, percent] for percent in percents])
            random = np.array([[correct[block, kind, control, trial, percent] for percent in percents] for trial in trials])
            yield {"block": block, "kind": kind, "control": control}, (scale, random, percents)


run(main, snakemake)
