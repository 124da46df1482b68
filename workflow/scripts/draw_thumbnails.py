"""Small pictures of every channel of every layer, for the atlas and the grids: its visualization and its top images."""

from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from operator import itemgetter

from job import run

from scalestream import tables
from scalestream.progress import watched
from scalestream.thumbnails import TopImages, encode, opened


def main(snakemake) -> None:
    settings = snakemake.params.settings
    top_images = TopImages(settings["images.resize"], settings["images.crop"])
    top = by_channel(tables.read(snakemake.input.top, tables.TOP_IMAGES).to_pylist())

    def draw(row: dict) -> dict:
        place = row["layer"], row["channel"]
        return {"layer": row["layer"], "channel": row["channel"], "visualization": encode(opened(row["png"])),
                "top_images": encode(top_images.mosaic(top[place]))}

    watch = watched("layers drawn", len(snakemake.input.visualizations), "layers")
    with tables.writer(snakemake.output[0], tables.THUMBNAILS) as append, ThreadPoolExecutor(snakemake.threads) as pool:
        for path in watch(snakemake.input.visualizations):
            rows = tables.read(path, tables.VISUALIZATIONS, ["layer", "channel", "png"]).to_pylist()
            append(pool.map(draw, rows))


def by_channel(rows: list[dict]) -> dict[tuple[str, int], list[str]]:
    """Image files by layer and channel, the strongest first."""
    place = itemgetter("layer", "channel")
    ordered = sorted(rows, key=itemgetter("layer", "channel", "rank"))
    return {key: [row["image"] for row in found] for key, found in groupby(ordered, key=place)}


run(main, snakemake)
