"""Center activations of every image in every analysed layer, in one pass."""

import json
from contextlib import ExitStack
from pathlib import Path

from job import run

from scalestream import network, tables
from scalestream.activations import as_table, extract
from scalestream.architectures import layer_channels, select_blocks
from scalestream.preprocessing import ScaledViews, batches
from scalestream.progress import watched


def main(snakemake) -> None:
    settings = snakemake.params.settings
    architecture = json.loads(Path(snakemake.input.manifest).read_text())["architecture"]
    layers = list(layer_channels(select_blocks(architecture, settings["blocks"], "blocks")))
    paths = tables.read(snakemake.input.images, tables.IMAGES, ["path"])["path"].to_pylist()
    views = ScaledViews(paths, [0] * len(paths), [0], settings["images.resize"], settings["images.crop"])
    loader = batches(views, snakemake.params.batch_size, snakemake.threads)
    found = extract(network.load(snakemake.input.manifest, snakemake.input.weights), layers,
                    (images[:, 0] for images, _ in watched("batches", len(loader))(loader)))
    with ExitStack() as stack:
        writers = {layer: stack.enter_context(tables.writer(path, tables.ACTIVATIONS))
                   for layer, path in zip(layers, snakemake.output, strict=True)}
        done = 0
        for activations in found:
            count = len(activations[layers[0]])
            for layer, append in writers.items():
                append(as_table(paths[done:done + count], activations[layer], layer))
            done += count


run(main, snakemake)
