"""How the objective rose over the steps of the visualizations."""

from collections.abc import Iterable

from matplotlib.figure import Figure

from scalestream.figures.style import COLUMNS, by_block, name_axes, panels


def objective(traces: Iterable[dict]) -> Figure:
    """By block, the median objective over the channels at each step, with the middle half of them as a band.

    traces: rows of the table of the objective.
    """
    blocks = by_block(traces)
    figure, axes = panels(len(blocks), 4, width=2.2, height=2.0)
    for panel, (block, rows) in zip(axes, blocks.items()):
        for column, color in COLUMNS.items():
            of_column = [row for row in rows if row["column"] == column]
            steps = [row["step"] for row in of_column]
            panel.plot(steps, [row["median"] for row in of_column], color=color, label=column)
            panel.fill_between(
                steps,
                [row["lower"] for row in of_column],
                [row["upper"] for row in of_column],
                color=color,
                alpha=0.15,
                linewidth=0,
            )
        panel.set_title(f"block {block}")
    axes[0].legend()
    name_axes(figure, "step", "activation of the center neuron")
    return figure
