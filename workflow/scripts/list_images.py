"""The image manifest, and the list of the files left out of it."""

import logging

from job import run
from scalestream.errors import shown
from scalestream.images import sources
from scalestream.images.listing import digest, kinds, manifest
from scalestream.images.tables import IMAGES
from scalestream.run import tables
from scalestream.run.files import atomic_write
from scalestream.run.progress import watched


def main(snakemake) -> None:
    settings = snakemake.params.settings
    source, root = settings["images.source"], settings.get("images.root")
    if source in sources.DRAWN:
        source, root = "class_folders", str(snakemake.input.folder)
    files = sources.find(source, root)
    others = sources.left_out(source, root, files)
    rows, skipped = manifest(files, settings["images.skip_unreadable"], snakemake.threads, watched("images", len(files)))
    logging.info(
        "%d images of %d classes; %d unreadable files left out", len(rows), len({row["wnid"] for row in rows}), len(skipped)
    )
    if others:
        logging.warning("not taken for images: %s; %s names them", kinds(others), snakemake.output.skipped)
    unreadable = [f"{len(skipped)} unreadable image files left out", *skipped]
    not_images = [f"{len(others)} others not taken for images, by their names: {kinds(others) or 'none'}", *map(shown, others)]
    with atomic_write(snakemake.output.skipped) as path:
        path.write_text("".join(f"{line}\n" for line in unreadable + not_images))
    tables.write(snakemake.output.images, IMAGES, rows, **{settings.get("digest", "images_sha256"): digest(rows)})


if __name__ == "__main__":
    run(main, snakemake)
