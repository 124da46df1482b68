"""The scales that In, Pre and Post prefer."""

import pyarrow as pa
import pyarrow.compute as pc
from job import run

from scalestream import tables, tuning


def main(snakemake) -> None:
    output, magnifications = snakemake.output, pa.array(snakemake.params.settings["magnifications"], pa.float64())
    verdicts = tables.read(snakemake.input.criteria, tables.CRITERIA).to_pylist()
    noise = {(row["block"], row["channel"]) for row in verdicts if row["in_stuck"]}
    curves = []
    for path in snakemake.input.responses:
        responses = tables.read(path, tables.RESPONSES)
        curves += tuning.curves(responses.filter(pc.is_in(responses["magnification"], magnifications)))
    curves = [row for row in curves if (row["source"], row["stimulus"]) != ("In", "visualization")
              or (row["block"], row["channel"]) not in noise]
    peaks = list(tuning.peaks(curves, {(row["block"], row["channel"]): row["passes"] for row in verdicts}))
    tables.write(output.curves, tables.TUNING, curves)
    tables.write(output.peaks, tables.PEAKS, peaks)
    tables.write(output.preference, tables.PREFERENCE, tuning.preference(peaks))


run(main, snakemake)
