"""All pictures of the channels that Figures 1, 3 and 4 show, in one table."""

from job import run

from scalestream import tables
from scalestream.figures.grids import figure1_channels


def main(snakemake) -> None:
    settings = snakemake.params.settings
    criteria = tables.read(snakemake.input.criteria, tables.CRITERIA).to_pylist()
    figure1 = figure1_channels(criteria, settings["figures.figure1"], settings["figure1_blocks"])
    shown = [row for row in criteria if row["passes"] or row["channel"] in figure1.get(row["block"], [])]
    neuron = by_channel(snakemake.input.visualizations, tables.VISUALIZATIONS, "png", "stuck")
    whole = by_channel(snakemake.input.whole_channel, tables.VISUALIZATIONS, "png")
    top = by_channel([snakemake.input.thumbnails], tables.THUMBNAILS, "top_images")
    with tables.writer(snakemake.output[0], tables.GRIDS) as append:
        for row in shown:
            for column, layer in settings["layers"][row["block"]].items():
                place = layer, row["channel"]
                append([{"block": row["block"], "channel": row["channel"], "passes": row["passes"],
                         "in_figure1": row["channel"] in figure1.get(row["block"], []), "column": column,
                         "stuck": neuron[place]["stuck"], "center_neuron": neuron[place]["png"],
                         "whole_channel": whole[place]["png"] if row["passes"] else None,
                         "top_images": top[place]["top_images"]}])


def by_channel(paths: list[str], schema, *columns: str) -> dict[tuple[str, int], dict]:
    """Columns of several tables by layer and channel."""
    rows = tables.read(paths, schema, ["layer", "channel", *columns]).to_pylist()
    return {(row["layer"], row["channel"]): row for row in rows}


run(main, snakemake)
