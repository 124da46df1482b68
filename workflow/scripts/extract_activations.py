"""Center activations of every image in every analysed layer, in one pass."""

from contextlib import ExitStack

from job import run

from scalestream import network, tables
from scalestream.activations import as_table, extract
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
    found = extract(network.load(snakemake.input.manifest, snakemake.input.weights), layers,
                    (images[:, 0] for images, _ in watch(batches(views, batch_size, snakemake.threads), each=batch_size)))
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
