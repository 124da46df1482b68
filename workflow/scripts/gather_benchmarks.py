"""What Snakemake measured of each job, in one table."""

from job import run
from scalestream.report import job_times
from scalestream.report.tables import BENCHMARKS
from scalestream.run import tables


def main(snakemake) -> None:
    tables.write(snakemake.output[0], BENCHMARKS, job_times.read(snakemake.params.settings["folder"]))


if __name__ == "__main__":
    run(main, snakemake)
