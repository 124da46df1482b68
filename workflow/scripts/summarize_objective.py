"""The objective of the visualizations by step: quartiles over the channels, for every layer of every block."""

from job import run
from scalestream.run import tables
from scalestream.visualization.tables import OBJECTIVE, VISUALIZATIONS
from scalestream.visualization.traces import quartiles


def main(snakemake) -> None:
    layers = {}
    for path in snakemake.input.visualizations:
        traces = tables.read(path, VISUALIZATIONS, ["layer", "trace"])
        if len(traces):  # none where images are only of passing channels, and no channel passes
            layers[traces["layer"][0].as_py()] = list(quartiles(traces["trace"].to_pylist()))
    with tables.writer(snakemake.output[0], OBJECTIVE) as append:
        for block, columns in snakemake.params.settings["layers"].items():
            for column, layer in columns.items():
                append({"block": block, "column": column, "layer": layer} | row for row in layers.get(layer, []))


if __name__ == "__main__":
    run(main, snakemake)
