"""Eq. 1 and 2 for every channel of a block."""

import logging

from job import run
from scalestream.criteria.evaluation import Thresholds, evaluate
from scalestream.criteria.tables import CRITERIA
from scalestream.images.encoding import decode_png
from scalestream.images.preprocessing import Normalization
from scalestream.networks.manifest import Manifest
from scalestream.run import tables
from scalestream.visualization.tables import VISUALIZATIONS


def main(snakemake) -> None:
    settings = snakemake.params.settings
    manifest = Manifest.read(snakemake.input.manifest)
    x_in, x_pre = by_channel(snakemake.input.x_in), by_channel(snakemake.input.x_pre)
    rows = evaluate(
        manifest.load(snakemake.input.weights),
        manifest.blocks[snakemake.wildcards.block],
        *([decode_png(row["png"]) for row in layer] for layer in (x_in, x_pre)),
        Thresholds(settings["criteria.tolerance"], settings["criteria.magnification"]),
        Normalization.from_settings(settings),
    )
    noted = [
        row | {"in_dead_gradient": image["dead_gradient"], "seed": image["seed"]} for row, image in zip(rows, x_in, strict=True)
    ]
    tables.write(snakemake.output[0], CRITERIA, noted)
    logging.info("%d of %d channels pass", sum(row["passes"] for row in rows), len(rows))


def by_channel(paths: list[str]) -> list[dict]:
    """A layer's visualizations in the order of the channels."""
    columns = ["channel", "dead_gradient", "seed", "png"]
    return tables.read(paths, VISUALIZATIONS, columns).sort_by("channel").to_pylist()


if __name__ == "__main__":
    run(main, snakemake)
