"""Responses of a block's In, Pre and Post to visualizations and top images, magnified."""

from functools import lru_cache, partial

import numpy as np

from job import checkpoint, run
from scalestream.activations.tables import TOP_IMAGES
from scalestream.images.encoding import decode_png
from scalestream.images.loading import open_rgb
from scalestream.images.preprocessing import Normalization, resized, scale_transform
from scalestream.networks.manifest import Manifest
from scalestream.run import tables
from scalestream.run.malloc import keep_freed_memory
from scalestream.run.progress import watched
from scalestream.study.responses import Stimulus, measure
from scalestream.study.tables import RESPONSES
from scalestream.visualization.tables import VISUALIZATIONS


def main(snakemake) -> None:
    keep_freed_memory()
    settings = snakemake.params.settings
    manifest = Manifest.read(snakemake.input.manifest)
    block = manifest.blocks[snakemake.wildcards.block]
    sources = {"In": (block.input, snakemake.input.x_in), "Pre": (block.pre, snakemake.input.x_pre)}
    top = tables.read(snakemake.input.top, TOP_IMAGES).to_pylist()
    open_cached = lru_cache(maxsize=1024)(partial(seen, settings=settings))
    stimuli = []
    for source, (layer, path) in sources.items():
        stimuli += (
            Stimulus(row["channel"], source, "visualization", None, partial(decode_png, row["png"]))
            for row in tables.read(path, VISUALIZATIONS, ["channel", "png"]).to_pylist()
        )
        stimuli += (
            Stimulus(row["channel"], source, "image", row["rank"], partial(open_cached, row["image"]))
            for row in top
            if row["layer"] == layer
        )
    model = manifest.load(snakemake.input.weights)
    with checkpoint(snakemake) as kept, tables.writer(snakemake.output[0], RESPONSES) as append:
        watch, normalization = watched("images", len(stimuli), "images"), Normalization.from_settings(settings)
        center = settings["criteria.center"]
        append(measure(model, block, stimuli, settings["magnifications"], watch, kept, normalization, center))


def seen(path: str, settings: dict) -> np.ndarray:
    """An image file as the network sees it at no scale."""
    image = resized(open_rgb(path), settings["images.resize"], settings["images.interpolation"])
    return np.asarray(scale_transform(image, 0, settings["images.crop"]))


if __name__ == "__main__":
    run(main, snakemake)
