"""Center activations of every image in every analysed layer, in one pass."""

from collections.abc import Iterator
from contextlib import ExitStack

import torch
from job import checkpoint, run

from scalestream import network, tables
from scalestream.activations import as_table, extract_in_parts
from scalestream.image_cache import ImageCache
from scalestream.images import require_classes
from scalestream.loading import ScaledViews, batches
from scalestream.memory import keep_freed_memory
from scalestream.progress import watched


def main(snakemake) -> None:
    keep_freed_memory()
    settings, batch_size = snakemake.params.settings, snakemake.params.batch_size
    manifest = network.read_manifest(snakemake.input.manifest)
    layers = list(manifest["layers"])
    images = tables.read(snakemake.input.images, tables.IMAGES, ["path", "class_index"])
    paths, labels = images["path"].to_pylist(), images["class_index"].to_pylist()
    require_classes(labels, manifest["classes"])
    cache = ImageCache(list(snakemake.input.cache), paths, settings["images.resize"])
    views = ScaledViews(cache, labels, [0], settings["images.crop"])
    watch = watched("images", len(paths), "images")

    def from_image(first: int) -> Iterator[torch.Tensor]:
        loader = batches(views, batch_size, snakemake.threads, first)
        return (batch[:, 0] for batch, _ in watch(loader, before=first, each=batch_size))

    with checkpoint(snakemake) as kept, ExitStack() as stack:
        writers = {layer: stack.enter_context(tables.writer(path, tables.ACTIVATIONS))
                   for layer, path in zip(layers, snakemake.output, strict=True)}
        model = network.load(snakemake.input.manifest, snakemake.input.weights)
        done = 0
        for part in extract_in_parts(model, layers, paths, from_image, kept):
            count = len(part[layers[0]])
            for layer, append in writers.items():
                append(as_table(paths[done:done + count], part[layer]))
            done += count


run(main, snakemake)
