"""Center activations of every image in every analysed layer, in one pass."""

from collections.abc import Iterator
from contextlib import ExitStack

import torch

from job import checkpoint, run
from scalestream.activations.extraction import as_table, extract_in_parts
from scalestream.activations.tables import ACTIVATIONS
from scalestream.images.cache import ImageCache
from scalestream.images.listing import require_classes
from scalestream.images.loading import ScaleTransformedImages, batches
from scalestream.images.preprocessing import Normalization
from scalestream.images.tables import IMAGES
from scalestream.networks.manifest import Manifest
from scalestream.run import tables
from scalestream.run.malloc import keep_freed_memory
from scalestream.run.progress import watched


def main(snakemake) -> None:
    keep_freed_memory()
    settings, batch_size = snakemake.params.settings, snakemake.params.batch_size
    manifest = Manifest.read(snakemake.input.manifest)
    layers = settings["layers"]
    images = tables.read(snakemake.input.images, IMAGES, ["path", "class_index"])
    paths, labels = images["path"].to_pylist(), images["class_index"].to_pylist()
    require_classes(labels, manifest.classes)
    cache = ImageCache(list(snakemake.input.cache), paths, settings["images.resize"], settings["images.interpolation"])
    images_at_no_scale = ScaleTransformedImages(cache, labels, [0], settings["images.crop"])
    watch = watched("images", len(paths), "images")

    def from_image(first: int) -> Iterator[torch.Tensor]:
        loader = batches(images_at_no_scale, batch_size, snakemake.threads, first)
        return (batch[:, 0] for batch, _ in watch(loader, before=first, each=batch_size))

    with checkpoint(snakemake) as kept, ExitStack() as stack:
        writers = {
            layer: stack.enter_context(tables.writer(path, ACTIVATIONS))
            for layer, path in zip(layers, snakemake.output, strict=True)
        }
        model, normalization = manifest.load(snakemake.input.weights), Normalization.from_settings(settings)
        done = 0
        for part in extract_in_parts(model, layers, paths, from_image, kept, normalization):
            count = len(part[layers[0]])
            for layer, append in writers.items():
                append(as_table(paths[done : done + count], part[layer]))
            done += count


if __name__ == "__main__":
    run(main, snakemake)
