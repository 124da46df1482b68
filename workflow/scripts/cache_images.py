"""One shard of the cache of resized images."""

from pathlib import Path

from job import run
from scalestream.images import cache
from scalestream.images.loading import ImageFiles
from scalestream.images.tables import IMAGES
from scalestream.run import tables
from scalestream.run.progress import watched


def main(snakemake) -> None:
    settings, output = snakemake.params.settings, Path(snakemake.output[0])
    resize = settings["images.resize"]
    paths = tables.read(snakemake.input.images, IMAGES, ["path"])["path"].to_pylist()
    rows = cache.shard_rows(len(paths), int(snakemake.wildcards.shard), int(snakemake.wildcards.shards))
    images = ImageFiles(paths[rows.start : rows.stop], resize, settings["images.interpolation"])
    if snakemake.params.keep_pixels:
        cache.require_space(output.parent, len(paths), resize)
        cache.write(output, images, watched("images", len(rows), "images"))
    else:
        cache.write_list(output, images)


if __name__ == "__main__":
    run(main, snakemake)
