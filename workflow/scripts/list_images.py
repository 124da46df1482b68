"""The image manifest, and the list of the files left out of it."""

import logging
from job import run

from scalestream import images, tables
from scalestream.progress import watched


def main(snakemake) -> None:
    settings = snakemake.params.settings
    drawn = settings["images.source"] == "demo"
    files = images.find("class_folders", str(snakemake.input.folder)) if drawn else \
        images.find(settings["images.source"], settings["images.root"])
    rows, skipped = images.manifest(files, settings["images.skip_unreadable"], snakemake.threads,
                                    watched("images", len(files)))
    logging.info("%d images of %d classes; %d unreadable files left out", len(rows),
                 len({row["wnid"] for row in rows}), len(skipped))
    with tables.in_place(snakemake.output.skipped) as path:
        path.write_text(f"{len(skipped)} unreadable image files left out\n" + "".join(f"{line}\n" for line in skipped))
    tables.write(snakemake.output.images, tables.IMAGES, rows, images_sha256=images.digest(rows))


run(main, snakemake)
