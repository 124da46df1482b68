"""Which channels of a planted network are of which kind."""

from job import run
from scalestream.networks.interface import planted_seed
from scalestream.networks.planting import truth
from scalestream.networks.tables import PLANTED_CHANNELS
from scalestream.run import tables


def main(snakemake) -> None:
    settings = snakemake.params.settings
    rows = truth(settings["model.planted"]["kinds"], planted_seed(settings["model.weights"]))
    tables.write(snakemake.output[0], PLANTED_CHANNELS, rows)


if __name__ == "__main__":
    run(main, snakemake)
