"""The page of latents."""

from job import run
from scalestream.crosscoder.latents import SHIFTED
from scalestream.crosscoder.layer_directions import SITES
from scalestream.crosscoder.shown import of_main, shown
from scalestream.crosscoder.tables import LATENTS
from scalestream.report.latents import counts, write
from scalestream.report.tables import LATENT_EXAMPLES
from scalestream.run import tables
from scalestream.run.files import atomic_write
from scalestream.visualization.tables import VISUALIZATIONS


def main(snakemake) -> None:
    files, settings = snakemake.input, snakemake.params.settings
    facts = {"architecture": settings["model.architecture"], "weights": settings["model.weights"], "shifted": SHIFTED}
    facts |= {name: settings[name] for name in ("width", "k")}
    visualizations, examples = iter(files.visualizations), iter(files.examples)
    blocks = {}
    for name, latents in zip(settings["blocks"], files.latents, strict=True):
        rows = of_main(tables.read(latents, LATENTS).to_pylist(), settings["seed"])
        by_latent = {row["latent"]: row for row in rows}
        blocks[name] = counts(rows) | {
            "latents": [by_latent[latent] for latent in shown(rows, settings["crosscoder.shown"])],
            "visualizations": {site: tables.read(next(visualizations), VISUALIZATIONS).to_pylist() for site in SITES},
            "examples": tables.read(next(examples), LATENT_EXAMPLES).to_pylist() if settings["atlas.natural_images"] else [],
        }
    with atomic_write(snakemake.output[0]) as folder:
        folder.mkdir()
        write(folder, facts, blocks)


if __name__ == "__main__":
    run(main, snakemake)
