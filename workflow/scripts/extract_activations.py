"""Center activations of every image in every analysed layer, in one pass."""

from contextlib import ExitStack

from job import checkpoint, open_images, run
from scalestream.activations.extraction import as_table, extract_in_parts
from scalestream.activations.tables import ACTIVATIONS
from scalestream.images.preprocessing import Normalization
from scalestream.networks.manifest import Manifest
from scalestream.run import tables
from scalestream.run.malloc import keep_freed_memory


def main(snakemake) -> None:
    keep_freed_memory()
    settings = snakemake.params.settings
    manifest = Manifest.read(snakemake.input.manifest)
    layers = settings["layers"]
    paths, from_image = open_images(snakemake, manifest)
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
