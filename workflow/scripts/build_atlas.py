"""The channel atlas."""

from job import run

from scalestream import tables
from scalestream.atlas import describe, write

STUDY = {"stability": tables.STABILITY, "natural": tables.NATURAL_CRITERIA, "tuning": tables.TUNING}


def main(snakemake) -> None:
    found, settings = snakemake.input, snakemake.params.settings
    shown = settings["atlas.natural_images"]
    facts = {"architecture": settings["model.architecture"], "weights": settings["model.weights"],
             "steps": settings["visualization.steps"]} | settings["criteria"]
    data = describe(settings["blocks"], tables.read(found.criteria, tables.CRITERIA).to_pylist(),
                    tables.read(found.visualizations, tables.VISUALIZATIONS,
                                ["layer", "channel", "activation", "stuck"]).to_pylist(),
                    tables.read(found.top, tables.TOP_IMAGES).to_pylist() if shown else None, facts,
                    **{name: tables.read(found[name], schema).to_pylist() for name, schema in STUDY.items() if found[name]})
    with tables.in_place(snakemake.output[0]) as folder, tables.batches(found.thumbnails, tables.THUMBNAILS, 256) as thumbnails:
        folder.mkdir()
        write(folder, data, thumbnails, found.assets)


run(main, snakemake)
