"""Center-neuron visualizations of a layer's channels that are the match of a channel of an earlier one."""

from job import run
from scalestream.channel_pairs.judging import EarlierChannels
from scalestream.channel_pairs.tables import CHANNEL_RESPONSES
from scalestream.run import tables
from visualize import visualize_channels


def main(snakemake) -> None:
    earlier = EarlierChannels.from_table(tables.read(snakemake.input.responses, CHANNEL_RESPONSES))
    visualize_channels(snakemake, sorted({match for match, _ in earlier.matches().values()}))


if __name__ == "__main__":
    run(main, snakemake)
