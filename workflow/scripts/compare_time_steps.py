"""The magnifications that Post prefers at each time step."""

from job import run
from scalestream.networks.manifest import Manifest
from scalestream.run import tables
from scalestream.study.tables import PEAKS, TIME_STEPS
from scalestream.study.time_steps import time_steps


def main(snakemake) -> None:
    network = Manifest.read(snakemake.input.manifest).description
    peaks = tables.read(snakemake.input.peaks, PEAKS).to_pylist()
    tables.write(snakemake.output[0], TIME_STEPS, time_steps(network, peaks))


if __name__ == "__main__":
    run(main, snakemake)
