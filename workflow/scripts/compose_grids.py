"""All pictures of the channels that Figures 1, 3 and 4 show, in one table."""

from collections import defaultdict

import pyarrow as pa

from job import run
from scalestream.criteria.tables import CRITERIA
from scalestream.report.grids import figure1_channels, grid_rows
from scalestream.report.tables import GRIDS, THUMBNAILS
from scalestream.run import tables
from scalestream.visualization.tables import VISUALIZATIONS

Neurons = set[tuple[str, int]]


def main(snakemake) -> None:
    settings, files = snakemake.params.settings, snakemake.input
    criteria = tables.read(files.criteria, CRITERIA).to_pylist()
    figure1 = figure1_channels(criteria, settings["figures.figure1"], settings["figure1_blocks"])
    shown = [row for row in criteria if row["passes"] or row["channel"] in figure1.get(row["block"], [])]
    neurons = {(layer, row["channel"]) for row in shown for layer in settings["layers"][row["block"]].values()}
    pictures: dict[tuple[str, int], dict] = defaultdict(dict)
    for paths, schema, columns in (
        (files.visualizations, VISUALIZATIONS, {"png": "center_neuron", "dead_gradient": "dead_gradient"}),
        (files.whole_channel, VISUALIZATIONS, {"png": "whole_channel"}),
        ([files.thumbnails], THUMBNAILS, {"top_images": "top_images"}),
    ):
        for path in paths:  # one table at a time, as their pictures are many
            for row in of_neurons(path, schema, neurons, list(columns)):
                pictures[row["layer"], row["channel"]] |= {name: row[column] for column, name in columns.items()}
    with tables.writer(snakemake.output[0], GRIDS) as append:
        for row in grid_rows(shown, figure1, settings["layers"], pictures):
            append([row])


def of_neurons(path: str, schema: pa.Schema, neurons: Neurons, columns: list[str]) -> list[dict]:
    """Layer, channel and these columns of a table, of some layers' channels."""
    table = tables.read(path, schema, ["layer", "channel", *columns])
    pairs = zip(table["layer"].to_pylist(), table["channel"].to_pylist())
    return table.filter(pa.array([pair in neurons for pair in pairs], pa.bool_())).to_pylist()


if __name__ == "__main__":
    run(main, snakemake)
