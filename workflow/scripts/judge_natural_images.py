"""Eq. 1 and 2 by top images, and the top images that layers have in common."""

import logging

import pandas as pd

from job import run
from scalestream.activations.tables import TOP_IMAGES
from scalestream.criteria.tables import CRITERIA
from scalestream.run import tables
from scalestream.study import natural_images
from scalestream.study.tables import AGREEMENT, NATURAL_CRITERIA, OVERLAP, RESPONSES


def main(snakemake) -> None:
    settings, output = snakemake.params.settings, snakemake.output
    verdicts = {
        (row["block"], row["channel"]): row["passes"]
        for row in tables.read(snakemake.input.criteria, CRITERIA, ["block", "channel", "passes"]).to_pylist()
    }
    top = tables.read(snakemake.input.top, TOP_IMAGES).to_pylist()
    thresholds = {name: settings[f"criteria.{name}"] for name in ("magnification", "tolerance")}
    rows = []
    for (block, layers), path in zip(settings["layers"].items(), snakemake.input.responses, strict=True):
        responses = [row for row in tables.read(path, RESPONSES).to_pylist() if row["stimulus"] == "image"]
        common = natural_images.in_common(layers, top)
        rows += (
            row | {"visualization_passes": verdicts[block, row["channel"]]} | common[row["channel"]]
            for row in natural_images.judge_images(block, responses, **thresholds)
        )
    tables.write(output.criteria, NATURAL_CRITERIA, rows)
    frame = pd.DataFrame(rows)
    tables.write(output.agreement, AGREEMENT, natural_images.agreement(frame))
    tables.write(output.overlap, OVERLAP, natural_images.overlap(frame))
    logging.info("%d of %d channels pass by their top images", sum(row["passes"] for row in rows), len(rows))


if __name__ == "__main__":
    run(main, snakemake)
