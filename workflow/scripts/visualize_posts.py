"""Center-neuron visualizations at a block's Post of those of its channels that are shown."""

from job import run
from scalestream.criteria.selection import passing_channels
from scalestream.criteria.tables import CRITERIA
from scalestream.run import tables
from visualize import visualize_channels


def main(snakemake) -> None:
    passing = passing_channels(tables.read(snakemake.input.criteria, CRITERIA))
    visualize_channels(snakemake, sorted({*passing, *snakemake.params.settings["figure1"]}))


if __name__ == "__main__":
    run(main, snakemake)
