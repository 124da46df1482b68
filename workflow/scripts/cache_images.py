"""One shard of the cache of resized images."""

from pathlib import Path

from job import run

from scalestream import image_cache, tables
from scalestream.loading import ImageFiles
from scalestream.progress import watched


def main(snakemake) -> None:
    resize, output = snakemake.params.settings["images.resize"], Path(snakemake.output[0])
    paths = tables.read(snakemake.input.images, tables.IMAGES, ["path"])["path"].to_pylist()
    rows = image_cache.shard_rows(len(paths), int(snakemake.wildcards.shard), int(snakemake.wildcards.shards))
    images = ImageFiles(paths[rows.start:rows.stop], resize)
    if snakemake.params.keep_pixels:
        image_cache.require_space(output.parent, len(paths), resize)
        image_cache.write(output, images, watched("images", len(rows), "images"))
    else:
        image_cache.write_list(output, images)


run(main, snakemake)
