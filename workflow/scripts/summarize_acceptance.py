"""How many draws of each control harm enough."""

from job import run
from scalestream.ablation.tables import CANDIDATES
from scalestream.run import tables
from scalestream.study.acceptance import acceptance
from scalestream.study.tables import ACCEPTANCE


def main(snakemake) -> None:
    candidates = tables.read(snakemake.input.candidates, CANDIDATES, ["block", "control", "accepted"]).to_pandas()
    tables.write(snakemake.output[0], ACCEPTANCE, acceptance(candidates))


if __name__ == "__main__":
    run(main, snakemake)
