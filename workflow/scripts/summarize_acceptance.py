"""How many draws of each control harm enough."""

from job import run

from scalestream import tables
from scalestream.statistics import acceptance


def main(snakemake) -> None:
    candidates = tables.read(snakemake.input.candidates, tables.CANDIDATES, ["block", "control", "accepted"]).to_pylist()
    tables.write(snakemake.output[0], tables.ACCEPTANCE, acceptance(candidates))


run(main, snakemake)
