"""The objective of the visualizations by step: quartiles over the channels, for every layer of every block."""

from job import run

from scalestream import tables
from scalestream.statistics import quartiles


def main(snakemake) -> None:
    layers = {}
    for path in snakemake.input.visualizations:
        found = tables.read(path, tables.VISUALIZATIONS, ["layer", "trace"])
        layers[found["layer"][0].as_py()] = quartiles(found["trace"].to_pylist())
    with tables.writer(snakemake.output[0], tables.OBJECTIVE) as append:
        for block, columns in snakemake.params.settings["layers"].items():
            for column, layer in columns.items():
                append({"block": block, "column": column, "layer": layer} | row for row in layers[layer])


run(main, snakemake)
