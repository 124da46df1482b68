"""Eq. 1 and 2 for every channel of every analysed block."""

import json
import logging
from pathlib import Path

from job import run

from scalestream import criteria, network, tables
from scalestream.architectures import select_blocks
from scalestream.visualization import decode_png


def main(snakemake) -> None:
    settings = snakemake.params.settings
    manifest = json.loads(Path(snakemake.input.manifest).read_text())
    model = network.load(snakemake.input.manifest, snakemake.input.weights)
    files = dict(zip(manifest["layers"], snakemake.input.visualizations, strict=True))
    thresholds = criteria.Thresholds(**settings["criteria"])
    with tables.writer(snakemake.output[0], tables.CRITERIA) as append:
        for block in select_blocks(manifest["architecture"], settings["blocks"], "blocks"):
            x_in, x_pre = (by_channel(files[layer]) for layer in (block.input, block.pre))
            rows = criteria.evaluate(model, block, *([decode_png(row["png"]) for row in layer] for layer in (x_in, x_pre)),
                                     thresholds)
            append(row | {"in_stuck": image["stuck"]} for row, image in zip(rows, x_in, strict=True))
            logging.info("block %s: %d of %d channels pass", block.name, sum(row["passes"] for row in rows), len(rows))


def by_channel(path: str) -> list[dict]:
    """A layer's visualizations in the order of the channels."""
    return tables.read(path, tables.VISUALIZATIONS, ["channel", "stuck", "png"]).sort_by("channel").to_pylist()


run(main, snakemake)
