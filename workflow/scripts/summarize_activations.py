"""Mean activations of every Post channel, and the top nine images of every channel."""

from job import run
from scalestream.activations.summary import summarize
from scalestream.activations.tables import ACTIVATIONS, MEAN_ACTIVATIONS, TOP_IMAGES
from scalestream.run import tables


def main(snakemake) -> None:
    settings = snakemake.params.settings
    with (
        tables.writer(snakemake.output.means, MEAN_ACTIVATIONS) as append_means,
        tables.writer(snakemake.output.top, TOP_IMAGES) as append_top,
    ):
        for (layer, channels), path in zip(settings["layers"].items(), snakemake.input.activations, strict=True):
            with tables.batches(path, ACTIVATIONS, 1024) as rows:
                summary = summarize(rows, channels)
            append_top(summary.top_rows(layer))
            if layer in settings["averaged"]:
                append_means(summary.mean_rows(layer))


if __name__ == "__main__":
    run(main, snakemake)
