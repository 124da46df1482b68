"""Eq. 1 and 2 by top images, and the top images that layers have in common."""

import logging

from job import run

from scalestream import natural, tables


def main(snakemake) -> None:
    settings, output = snakemake.params.settings, snakemake.output
    verdicts = {(row["block"], row["channel"]): row["passes"] for row in
                tables.read(snakemake.input.criteria, tables.CRITERIA, ["block", "channel", "passes"]).to_pylist()}
    top = tables.read(snakemake.input.top, tables.TOP_IMAGES).to_pylist()
    rows = []
    for (block, layers), path in zip(settings["layers"].items(), snakemake.input.responses, strict=True):
        responses = [row for row in tables.read(path, tables.RESPONSES).to_pylist() if row["stimulus"] == "image"]
        common = natural.in_common(layers, top)
        rows += (row | {"visualization_passes": verdicts[block, row["channel"]]} | common[row["channel"]]
                 for row in natural.judge_images(block, responses, **settings["criteria"]))
    tables.write(output.criteria, tables.NATURAL_CRITERIA, rows)
    tables.write(output.agreement, tables.AGREEMENT, natural.agreement(rows))
    tables.write(output.overlap, tables.OVERLAP, natural.overlap(rows))
    logging.info("%d of %d channels pass by their top images", sum(row["passes"] for row in rows), len(rows))


run(main, snakemake)
