"""The 3 x 3 grid of every passing channel of a block (Figures 1, 3 and 4)."""

import numpy as np
from job import run
from matplotlib import pyplot

from scalestream import tables
from scalestream.criteria import passing_channels
from scalestream.figures import Column, grid, save
from scalestream.loading import open_rgb
from scalestream.preprocessing import resized, scaled_view
from scalestream.visualization import decode_png


def main(snakemake) -> None:
    settings, block = snakemake.params.settings, snakemake.wildcards.block
    neuron = by_channel(tables.read(snakemake.input.visualizations, tables.VISUALIZATIONS))
    channel = by_channel(tables.read(snakemake.input.whole_channel, tables.VISUALIZATIONS))
    top = tables.read(snakemake.input.top, tables.TOP_IMAGES).to_pylist()
    with tables.in_place(snakemake.output[0]) as folder:
        folder.mkdir()
        for number in passing_channels(tables.read(snakemake.input.criteria, tables.CRITERIA)):
            columns = {}
            for name in ("In", "Pre", "Post"):
                place = settings[name], number
                paths = [row["image"] for row in top if (row["layer"], row["channel"]) == place]
                columns[name] = Column(*(decode_png(row["png"]) for row in (neuron[place], channel[place])),
                                       [seen(path, settings["images.resize"], settings["images.crop"]) for path in paths],
                                       stuck=neuron[place]["stuck"])
            figure = grid(columns, f"block {block}, channel {number}")
            save(figure, folder / f"{number}.png")
            pyplot.close(figure)


def by_channel(table) -> dict[tuple[str, int], dict]:
    """Visualizations by layer and channel."""
    return {(row["layer"], row["channel"]): row for row in table.to_pylist()}


def seen(path: str, resize: int, crop: int) -> np.ndarray:
    """The image as the network saw it."""
    return np.asarray(scaled_view(resized(open_rgb(path), resize), 0, crop))


run(main, snakemake)
