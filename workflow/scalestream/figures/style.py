"""What all figures share: style, colours, panels, and how they are saved."""

import logging
import textwrap
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure

from scalestream.run import provenance
from scalestream.run.files import atomic_write

logging.getLogger("fontTools").setLevel(logging.WARNING)  # which tells every glyph that it embeds

STYLE = Path(__file__).with_name("print.mplstyle")
IN, PRE, POST = "#0072b2", "#d55e00", "#009e73"
COLUMNS = {"In": IN, "Pre": PRE, "Post": POST}  # the paper's layer names, in the order of its figures
BAR, LINE = "#bbbbbb", "#0072b2"  # the line is the paper's blue
LETTERS = 14  # of a label, to an inch


@contextmanager
def styled() -> Iterator[None]:
    """Draw and save in the style of all figures."""
    with plt.style.context(STYLE):
        yield


def panels(count: int, columns: int, width: float, height: float) -> tuple[Figure, list]:
    """A figure of `count` panels, at most `columns` in a row, each of a width and height in inches."""
    columns = min(columns, count)
    rows = -(-count // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(width * columns, height * rows), squeeze=False, layout="constrained")
    for panel in axes.flat[count:]:
        panel.set_axis_off()
    return figure, list(axes.flat[:count])


def name_axes(figure: Figure, x: str = "", y: str = "") -> None:
    """Name the axes that all panels share, in as many lines as the figure's width and height ask for."""
    width, height = (int(inches * LETTERS) for inches in figure.get_size_inches())
    if x:
        figure.supxlabel(textwrap.fill(x, width), fontsize=8)
    if y:
        figure.supylabel(textwrap.fill(y, height), fontsize=8)


def say(panel, text: str) -> None:
    """Have a panel that has nothing to show say why."""
    panel.set(xticks=[], yticks=[])
    panel.text(0.5, 0.5, textwrap.fill(text, 24), transform=panel.transAxes, ha="center", va="center")


def by_block(rows: Iterable[dict], blocks: Iterable[str] = ()) -> dict[str, list[dict]]:
    """Rows of a table by their block; these blocks first, even without rows, others in the order that they come in."""
    blocks = {block: [] for block in blocks}
    for row in rows:
        blocks.setdefault(row["block"], []).append(row)
    return blocks


def save(figure: Figure, *paths: str | Path) -> None:
    """Write the figure to .png or .pdf files, with the record of what made them; each appears in its place complete."""
    for path in paths:
        with atomic_write(path) as partial:
            figure.savefig(partial, metadata=_metadata(partial.suffix))
    plt.close(figure)


def save_pages(pages: Iterable[Figure], pdf: str | Path, folder: str | Path) -> None:
    """Write figures as the pages of a PDF, and as 1.png, 2.png, ... of a folder."""
    with atomic_write(pdf) as partial, atomic_write(folder) as pictures:
        pictures.mkdir()
        with PdfPages(partial, metadata=_metadata(".pdf")) as document:
            for number, page in enumerate(pages, start=1):
                document.savefig(page)
                page.savefig(pictures / f"{number}.png", metadata=_metadata(".png"))
                plt.close(page)


def _metadata(suffix: str) -> dict[str, str]:
    text = provenance.text()
    return {"Keywords": text} if suffix == ".pdf" else {provenance.KEY: text}
