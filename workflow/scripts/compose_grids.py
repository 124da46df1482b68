"""All pictures of the channels that Figures 1, 3 and 4 show, in one table."""

import pyarrow as pa
from job import run

from scalestream import tables
from scalestream.figures.grids import figure1_channels


def main(snakemake) -> None:
    settings = snakemake.params.settings
    criteria = tables.read(snakemake.input.criteria, tables.CRITERIA).to_pylist()
    figure1 = figure1_channels(criteria, settings["figures.figure1"], settings["figure1_blocks"])
    shown = [row for row in criteria if row["passes"] or row["channel"] in figure1.get(row["block"], [])]
    places = {(layer, row["channel"]) for row in shown for layer in settings["layers"][row["block"]].values()}
    neuron = by_channel(snakemake.input.visualizations, tables.VISUALIZATIONS, places, "png", "stuck")
    whole = by_channel(snakemake.input.whole_channel, tables.VISUALIZATIONS, places, "png")
    top = by_channel([snakemake.input.thumbnails], tables.THUMBNAILS, places, "top_images")
    with tables.writer(snakemake.output[0], tables.GRIDS) as append:
        for row in shown:
            for column, layer in settings["layers"][row["block"]].items():
                place = layer, row["channel"]
                append([{"block": row["block"], "channel": row["channel"], "passes": row["passes"],
                         "in_figure1": row["channel"] in figure1.get(row["block"], []), "column": column,
                         "stuck": neuron[place]["stuck"], "center_neuron": neuron[place]["png"],
                         "whole_channel": whole[place]["png"] if row["passes"] else None,
                         "top_images": top[place]["top_images"]}])


def by_channel(paths: list[str], schema, places: set[tuple[str, int]], *columns: str) -> dict[tuple[str, int], dict]:
    """Columns of several tables by layer and channel, at these places; one table at a time, as their pictures are many."""
    found = {}
    for path in paths:
        table = tables.read(path, schema, ["layer", "channel", *columns])
        there = list(zip(table["layer"].to_pylist(), table["channel"].to_pylist()))
        rows = table.filter(pa.array([place in places for place in there], pa.bool_())).to_pylist()
        found |= {(row["layer"], row["channel"]): row for row in rows}
    return found


run(main, snakemake)
