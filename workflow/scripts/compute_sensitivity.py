"""How many channels pass as the thresholds change."""

from job import run

from scalestream import tables
from scalestream.sensitivity import sensitivity


def main(snakemake) -> None:
    settings = snakemake.params.settings
    criteria = tables.read(snakemake.input.criteria, tables.CRITERIA).to_pylist()
    responses = [row for path in snakemake.input.responses for row in tables.read(path, tables.RESPONSES).to_pylist()
                 if (row["source"], row["stimulus"]) == ("In", "visualization")]
    tables.write(snakemake.output[0], tables.SENSITIVITY,
                 sensitivity(criteria, responses, settings["values"], settings["criteria.tolerance"]))


run(main, snakemake)
