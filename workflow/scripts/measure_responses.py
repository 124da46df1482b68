"""Responses of a block's In, Pre and Post to visualizations and top images, magnified."""

from functools import lru_cache, partial

import numpy as np
from job import checkpoint, run

from scalestream import network, tables
from scalestream.architectures import blocks
from scalestream.loading import open_rgb
from scalestream.memory import keep_freed_memory
from scalestream.preprocessing import resized, scaled_view
from scalestream.progress import watched
from scalestream.responses import Stimulus, measure
from scalestream.visualization import decode_png


def main(snakemake) -> None:
    keep_freed_memory()
    settings = snakemake.params.settings
    manifest = network.read_manifest(snakemake.input.manifest)
    block = blocks(manifest["architecture"])[snakemake.wildcards.block]
    sources = {"In": (block.input, snakemake.input.x_in), "Pre": (block.pre, snakemake.input.x_pre)}
    top = tables.read(snakemake.input.top, tables.TOP_IMAGES).to_pylist()
    view = lru_cache(maxsize=1024)(lambda path: seen(path, settings["images.resize"], settings["images.crop"]))
    stimuli = []
    for source, (layer, path) in sources.items():
        stimuli += (Stimulus(row["channel"], source, "visualization", None, partial(decode_png, row["png"]))
                    for row in tables.read(path, tables.VISUALIZATIONS, ["channel", "png"]).to_pylist())
        stimuli += (Stimulus(row["channel"], source, "image", row["rank"], partial(view, row["image"]))
                    for row in top if row["layer"] == layer)
    model = network.load(snakemake.input.manifest, snakemake.input.weights)
    with checkpoint(snakemake) as kept, tables.writer(snakemake.output[0], tables.RESPONSES) as append:
        append(measure(model, block, stimuli, settings["magnifications"], watched("images", len(stimuli), "images"), kept))


def seen(path: str, resize: int, crop: int) -> np.ndarray:
    """An image file as the network sees it at no scale."""
    return np.asarray(scaled_view(resized(open_rgb(path), resize), 0, crop))


run(main, snakemake)
