"""How many channels pass as the thresholds change."""

from job import run
from scalestream.criteria.tables import CRITERIA
from scalestream.run import tables
from scalestream.study.sensitivity import sensitivity
from scalestream.study.tables import RESPONSES, SENSITIVITY


def main(snakemake) -> None:
    settings = snakemake.params.settings
    criteria = tables.read(snakemake.input.criteria, CRITERIA).to_pylist()
    responses = [
        row
        for path in snakemake.input.responses
        for row in tables.read(path, RESPONSES).to_pylist()
        if (row["source"], row["stimulus"]) == ("In", "visualization")
    ]
    tables.write(
        snakemake.output[0], SENSITIVITY, sensitivity(criteria, responses, settings["values"], settings["criteria.tolerance"])
    )


if __name__ == "__main__":
    run(main, snakemake)
