"""The channel atlas."""

from job import run
from scalestream.activations.tables import TOP_IMAGES
from scalestream.criteria.tables import CRITERIA, NULL
from scalestream.measures.tables import CIRCUITS, KERNELS
from scalestream.report.atlas import NOTED, describe, write
from scalestream.report.tables import THUMBNAILS
from scalestream.run import tables
from scalestream.run.files import atomic_write
from scalestream.study.tables import NATURAL_CRITERIA, STABILITY, TUNING
from scalestream.visualization.tables import VISUALIZATIONS

PAST_THE_PAPER = {"stability": STABILITY, "natural": NATURAL_CRITERIA, "tuning": TUNING, "circuits": CIRCUITS}


def main(snakemake) -> None:
    files, settings = snakemake.input, snakemake.params.settings
    shown = settings["atlas.natural_images"]
    facts = {
        "architecture": settings["model.architecture"],
        "weights": settings["model.weights"],
        "steps": settings["visualization.steps"],
        "linear": settings["linear"],
        "streamless": settings["streamless"],
        "padded": settings["padded"],
        "tolerance": settings["criteria.tolerance"],
        "magnification": settings["criteria.magnification"],
        "center": settings["criteria.center"],
    }
    data = describe(
        settings["blocks"],
        tables.read(files.criteria, CRITERIA).to_pylist(),
        tables.read(files.null, NULL).to_pylist(),
        tables.read(files.visualizations, VISUALIZATIONS, ["layer", "channel", "activation", *NOTED]).to_pylist(),
        tables.read(files.top, TOP_IMAGES).to_pylist() if shown else None,
        facts,
        **{name: tables.read(files[name], schema).to_pylist() for name, schema in PAST_THE_PAPER.items() if files[name]},
    )
    with atomic_write(snakemake.output[0]) as folder, tables.batches(files.thumbnails, THUMBNAILS, 256) as thumbnails:
        folder.mkdir()
        kernels = (row for path in files.kernels for row in tables.read(path, KERNELS).to_pylist())
        write(folder, data, thumbnails, files.assets, kernels)


if __name__ == "__main__":
    run(main, snakemake)
