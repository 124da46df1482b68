"""The list of images that another run has made, with the record of what made it."""

import shutil

from job import run
from scalestream.run.files import atomic_write


def main(snakemake) -> None:
    for source, copy in zip(snakemake.input, snakemake.output, strict=True):
        with atomic_write(copy) as path:
            shutil.copyfile(source, path)


if __name__ == "__main__":
    run(main, snakemake)
