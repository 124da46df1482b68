"""Eq. 1 for a block's channels with other changes of their images than magnification, or with the images scrambled."""

import numpy as np
import torch

from job import run
from scalestream.activations.center import center_activations
from scalestream.criteria.tables import CRITERIA
from scalestream.images.encoding import decode_png
from scalestream.images.preprocessing import Normalization
from scalestream.networks.device import device
from scalestream.networks.graph import cut_after
from scalestream.networks.manifest import Manifest
from scalestream.networks.receptive_field import center_row
from scalestream.run import tables
from scalestream.study import nulls
from scalestream.study.tables import NULLS
from scalestream.visualization.tables import VISUALIZATIONS


def main(snakemake) -> None:
    settings, block = snakemake.params.settings, snakemake.wildcards.block
    manifest = Manifest.read(snakemake.input.manifest)
    part = cut_after(manifest.load(snakemake.input.weights), manifest.blocks[block].pre).to(device())
    criteria = tables.read(snakemake.input.criteria, CRITERIA).sort_by("channel").to_pylist()
    visualized = tables.read(snakemake.input.x_in, VISUALIZATIONS, ["channel", "png"]).sort_by("channel")
    images = [decode_png(png) for png in visualized["png"].to_pylist()]
    normalization, side = Normalization.from_settings(settings), len(images[0])
    about = center_row(part, side) if settings["criteria.center"] == "neuron" else None

    def answers(images: list[np.ndarray], *change) -> list[float]:
        return torch.diagonal(center_activations(part, images, *change, normalization=normalization)).tolist()

    rows = []
    for null in settings["nulls"]:
        for name, change in nulls.changes(null, settings["criteria.magnification"], about, side).items():
            draws = nulls.DRAWS if null == "scrambled" else 1
            for draw in range(draws):
                seen = nulls.scrambled(images, name.removeprefix("scrambled "), block, draw) if null == "scrambled" else images
                rows.append(nulls.counts(criteria, name, draw, answers(seen), answers(seen, change)))
    tables.write(snakemake.output[0], NULLS, rows)


if __name__ == "__main__":
    run(main, snakemake)
