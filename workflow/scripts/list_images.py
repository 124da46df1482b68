"""The image manifest, and the list of the files left out of it."""

import logging

from job import run
from scalestream.images import sources
from scalestream.images.listing import digest, manifest
from scalestream.images.tables import IMAGES
from scalestream.run import tables
from scalestream.run.files import atomic_write
from scalestream.run.progress import watched


def main(snakemake) -> None:
    settings = snakemake.params.settings
    drawn = settings["images.source"] in sources.DRAWN
    files = (
        sources.find("class_folders", str(snakemake.input.folder))
        if drawn
        else sources.find(settings["images.source"], settings["images.root"])
    )
    rows, skipped = manifest(files, settings["images.skip_unreadable"], snakemake.threads, watched("images", len(files)))
    logging.info(
        "%d images of %d classes; %d unreadable files left out", len(rows), len({row["wnid"] for row in rows}), len(skipped)
    )
    with atomic_write(snakemake.output.skipped) as path:
        path.write_text(f"{len(skipped)} unreadable image files left out\n" + "".join(f"{line}\n" for line in skipped))
    tables.write(snakemake.output.images, IMAGES, rows, images_sha256=digest(rows))


if __name__ == "__main__":
    run(main, snakemake)
