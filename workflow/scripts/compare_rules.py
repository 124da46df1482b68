"""How far the rules agree on which channels are scale invariant."""

from job import run
from scalestream.measures.tables import RULE_AGREEMENT, VERDICTS
from scalestream.measures.verdicts import agreement
from scalestream.run import tables


def main(snakemake) -> None:
    verdicts = tables.read(snakemake.input.verdicts, VERDICTS).to_pandas()
    tables.write(snakemake.output[0], RULE_AGREEMENT, agreement(verdicts))


if __name__ == "__main__":
    run(main, snakemake)
