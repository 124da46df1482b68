"""Images that the project draws itself."""

from pkgutil import resolve_name

from job import run
from scalestream.run.files import atomic_write


def main(snakemake) -> None:
    settings = snakemake.params.settings
    write_images = resolve_name(settings["write_images"])
    with atomic_write(snakemake.output[0]) as folder:
        write_images(folder, settings["images.demo"]["per_class"], settings["images.resize"], settings["images.demo"]["seed"])


if __name__ == "__main__":
    run(main, snakemake)
