"""Small pictures of every channel of every layer, for the atlas and the grids: its visualization and its top images."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import groupby
from operator import itemgetter

from job import run
from scalestream.activations.tables import TOP_IMAGES
from scalestream.report.tables import THUMBNAILS
from scalestream.report.thumbnails import TopImages, encode, opened
from scalestream.run import tables
from scalestream.run.progress import watched
from scalestream.visualization.tables import VISUALIZATIONS


def main(snakemake) -> None:
    settings = snakemake.params.settings
    top_images = TopImages(settings["images.resize"], settings["images.crop"], settings["images.interpolation"])
    top = by_channel(tables.read(snakemake.input.top, TOP_IMAGES).to_pylist())

    def draw(layer: str, images: dict[int, bytes], channel: int) -> dict:
        return {
            "layer": layer,
            "channel": channel,
            "visualization": encode(opened(images[channel])) if channel in images else None,
            "top_images": encode(top_images.mosaic(top[layer, channel])),
        }

    of_layers = list(zip(settings["layers"].items(), snakemake.input.visualizations, strict=True))
    watch = watched("layers drawn", len(of_layers), "layers")
    with tables.writer(snakemake.output[0], THUMBNAILS) as append, ThreadPoolExecutor(snakemake.threads) as pool:
        for (layer, channels), path in watch(of_layers):
            rows = tables.read(path, VISUALIZATIONS, ["channel", "png"]).to_pylist()
            images = {row["channel"]: row["png"] for row in rows}
            append(pool.map(partial(draw, layer, images), range(channels)))


def by_channel(rows: list[dict]) -> dict[tuple[str, int], list[str]]:
    """Image files by layer and channel, the strongest first."""
    neuron = itemgetter("layer", "channel")
    ordered = sorted(rows, key=itemgetter("layer", "channel", "rank"))
    return {key: [row["image"] for row in of_neuron] for key, of_neuron in groupby(ordered, key=neuron)}


if __name__ == "__main__":
    run(main, snakemake)
