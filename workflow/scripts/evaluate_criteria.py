"""Eq. 1 and 2 for every channel of a block."""

import logging

from job import run

from scalestream import criteria, network, tables
from scalestream.architectures import blocks
from scalestream.visualization import decode_png


def main(snakemake) -> None:
    manifest = network.read_manifest(snakemake.input.manifest)
    block = blocks(manifest["architecture"])[snakemake.wildcards.block]
    x_in, x_pre = by_channel(snakemake.input.x_in), by_channel(snakemake.input.x_pre)
    rows = criteria.evaluate(network.load(snakemake.input.manifest, snakemake.input.weights), block,
                             *([decode_png(row["png"]) for row in layer] for layer in (x_in, x_pre)),
                             criteria.Thresholds(**snakemake.params.settings["criteria"]))
    tables.write(snakemake.output[0], tables.CRITERIA,
                 (row | {"in_stuck": image["stuck"], "seed": image["seed"]} for row, image in zip(rows, x_in, strict=True)))
    logging.info("%d of %d channels pass", sum(row["passes"] for row in rows), len(rows))


def by_channel(paths: list[str]) -> list[dict]:
    """A layer's visualizations in the order of the channels."""
    return tables.read(paths, tables.VISUALIZATIONS, ["channel", "stuck", "seed", "png"]).sort_by("channel").to_pylist()


run(main, snakemake)
