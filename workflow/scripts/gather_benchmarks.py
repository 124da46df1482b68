"""What Snakemake measured of each job, in one table."""

from job import run

from scalestream import benchmarks, tables


def main(snakemake) -> None:
    tables.write(snakemake.output[0], tables.BENCHMARKS, benchmarks.read(snakemake.params.settings["folder"]))


run(main, snakemake)
