"""The visualizations of a few named channels."""

import io
from collections.abc import Iterable

from matplotlib.figure import Figure
from PIL import Image

from scalestream.figures.style import panels

ACROSS = 3  # In, Pre and Post


def first_look(visualizations: Iterable[dict], shown: list[dict]) -> Figure:
    """A line for each channel of a block, with its In, Pre and Post; the channels of a layer in lines of three.

    visualizations: rows of that table. shown: channels, with their layers by what to call them.
    """
    rows = {(row["layer"], row["channel"]): row for row in visualizations}
    cells = []
    for each in shown:
        cells += [(name, rows[layer, channel]) for channel in each["channels"] for name, layer in each["layers"].items()]
        cells += [None] * (-len(cells) % ACROSS)
    figure, axes = panels(len(cells), ACROSS, width=1.6, height=1.9)
    for panel, cell in zip(axes, cells):
        panel.set_axis_off()
        if cell:
            name, row = cell
            said = "never active" if row["dead_gradient"] else f"activation {row['activation']:.3g}"
            panel.set_title(f"{name}: channel {row['channel']}\n{said}", fontsize=6)
            panel.imshow(Image.open(io.BytesIO(row["png"])).convert("RGB"))
    return figure
