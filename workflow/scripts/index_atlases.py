"""The page that leads to the networks' atlases."""

from os.path import relpath
from pathlib import Path

from job import run
from scalestream.criteria.tables import NULL
from scalestream.networks.manifest import Manifest
from scalestream.report.pages import atlas_index
from scalestream.run import tables
from scalestream.run.files import atomic_write


def main(snakemake) -> None:
    files, folder = snakemake.input, snakemake.output[0]
    networks = [
        member
        | {
            "architecture": (manifest := Manifest.read(described)).architecture,
            "weights": manifest.weights,
            "blocks": tables.read(null, NULL).to_pylist(),
            "atlas": relpath(Path(atlas, "index.html"), folder),
            "picture": relpath(picture, folder),
        }
        for member, null, described, atlas, picture in zip(
            snakemake.params.settings["members"], files.nulls, files.manifests, files.atlases, files.pictures, strict=True
        )
    ]
    with atomic_write(folder) as partial:
        partial.mkdir()
        (partial / "index.html").write_text(atlas_index(networks))


if __name__ == "__main__":
    run(main, snakemake)
