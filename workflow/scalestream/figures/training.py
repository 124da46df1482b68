"""How a training went: loss and accuracy by epoch."""

from collections.abc import Iterable

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from scalestream.figures.style import panels

LINES = {  # label and colour by column
    "accuracy": ("training images, as seen", "#999999"),
    "validation_accuracy": ("validation images, no scale", "#0072b2"),
}


def training(epochs: Iterable[dict]) -> Figure:
    """Mean loss of each epoch; top-1 accuracy on the views that it was trained on, and on the run's own images at its end.

    epochs: rows of the table of the training.
    """
    rows = list(epochs)
    numbers = [row["epoch"] for row in rows]
    figure, (losses, accuracies) = panels(2, 2, width=2.8, height=2.3)
    losses.plot(numbers, [row["loss"] for row in rows], color="#999999", marker=".")
    losses.set(xlabel="epoch", ylabel="mean cross-entropy", ylim=(0, 1.05 * max(row["loss"] for row in rows)))
    for column, (label, color) in LINES.items():
        accuracies.plot(numbers, [row[column] for row in rows], color=color, marker=".", label=label)
    accuracies.set(xlabel="epoch", ylabel="top-1 accuracy", ylim=(0, 1))
    accuracies.yaxis.set_major_formatter(PercentFormatter(1))
    for panel in (losses, accuracies):
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    figure.legend(loc="outside upper right", ncols=2)
    return figure
