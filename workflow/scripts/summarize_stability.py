"""How many seeds each channel passes with."""

from job import run
from scalestream.criteria.tables import CRITERIA
from scalestream.run import tables
from scalestream.study.stability import stability
from scalestream.study.tables import STABILITY


def main(snakemake) -> None:
    criteria = tables.read(snakemake.input.criteria, CRITERIA).to_pandas()
    tables.write(snakemake.output[0], STABILITY, stability(criteria))


if __name__ == "__main__":
    run(main, snakemake)
