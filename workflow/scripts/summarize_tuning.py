"""The scales that In, Pre and Post prefer."""

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from job import run
from scalestream.criteria.tables import CRITERIA
from scalestream.run import tables
from scalestream.study import tuning
from scalestream.study.tables import PEAKS, PREFERENCE, RESPONSES, TUNING


def main(snakemake) -> None:
    output, magnifications = snakemake.output, pa.array(snakemake.params.settings["magnifications"], pa.float64())
    verdicts = tables.read(snakemake.input.criteria, CRITERIA).to_pylist()
    noise = {(row["block"], row["channel"]) for row in verdicts if row["in_dead_gradient"]}
    curves = []
    for path in snakemake.input.responses:
        responses = tables.read(path, RESPONSES)
        curves += tuning.curves(responses.filter(pc.is_in(responses["magnification"], magnifications)))
    curves = [
        row
        for row in curves
        if (row["source"], row["stimulus"]) != ("In", "visualization") or (row["block"], row["channel"]) not in noise
    ]
    peaks = list(tuning.peaks(pd.DataFrame(curves), {(row["block"], row["channel"]): row["passes"] for row in verdicts}))
    tables.write(output.curves, TUNING, curves)
    tables.write(output.peaks, PEAKS, peaks)
    tables.write(output.preference, PREFERENCE, tuning.preference(pd.DataFrame(peaks)))


if __name__ == "__main__":
    run(main, snakemake)
