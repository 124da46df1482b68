"""What the channels of a block answer to each other's visualizations."""

from job import run
from scalestream.criteria.measurement import measure
from scalestream.criteria.tables import RESPONSES_TO_VISUALIZATIONS
from scalestream.images.encoding import decode_png
from scalestream.images.preprocessing import Normalization
from scalestream.networks.manifest import Manifest
from scalestream.run import tables
from scalestream.visualization.tables import VISUALIZATIONS


def main(snakemake) -> None:
    settings, manifest = snakemake.params.settings, Manifest.read(snakemake.input.manifest)
    block = manifest.blocks[snakemake.wildcards.block]
    responses = measure(
        manifest.load(snakemake.input.weights),
        block,
        manifest.description.bypass(block),
        images(snakemake.input.x_in),
        images(snakemake.input.x_pre),
        settings["criteria.magnification"],
        settings["criteria.center"],
        Normalization.from_settings(settings),
    )
    tables.write(snakemake.output[0], RESPONSES_TO_VISUALIZATIONS, responses.rows(block.name, int(snakemake.wildcards.seed)))


def images(paths: list[str]) -> list:
    """A layer's visualizations in the order of the channels."""
    rows = tables.read(paths, VISUALIZATIONS, ["channel", "png"]).sort_by("channel")
    return [decode_png(png) for png in rows["png"].to_pylist()]


if __name__ == "__main__":
    run(main, snakemake)
