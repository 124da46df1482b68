"""Center activations of every image in every analysed layer, in one pass."""

from contextlib import ExitStack

from job import run

from scalestream import network, tables
from scalestream.activations import as_table, extract
from scalestream.images import require_classes
from scalestream.preprocessing import ScaledViews, batches
from scalestream.progress import watched


def main(snakemake) -> None:
    settings = snakemake.params.settings
    manifest = network.read_manifest(snakemake.input.manifest)
    layers = list(manifest["layers"])
    images = tables.read(snakemake.input.images, tables.IMAGES, ["path", "class_index"])
    paths, labels = images["path"].to_pylist(), images["class_index"].to_pylist()
    require_classes(labels, manifest["classes"])
    views = ScaledViews(paths, labels, [0], settings["images.resize"], settings["images.crop"])
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
