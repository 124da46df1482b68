"""Where the time of a run went."""

from collections.abc import Iterable

from matplotlib.figure import Figure

from scalestream.figures.style import BAR, LINE, panels


def time_by_rule(benchmarks: Iterable[dict]) -> Figure:
    """By rule, the time of all its jobs together, on the clock and of the processor; the rule that took longest on top.

    benchmarks: rows of the table of benchmarks.
    """
    rules: dict[str, list[dict]] = {}
    for row in benchmarks:
        rules.setdefault(row["rule"], []).append(row)
    seconds = {rule: sum(row["seconds"] for row in rows) for rule, rows in rules.items()}
    size, name = unit(max(seconds.values(), default=0))
    order = sorted(rules, key=seconds.get)
    positions = range(len(order))
    figure, (panel,) = panels(1, 1, width=5, height=0.7 + 0.18 * len(order))
    panel.barh(positions, [seconds[rule] / size for rule in order], height=0.7, color=BAR, label="on the clock")
    panel.barh(
        positions,
        [sum(row["cpu_seconds"] or 0 for row in rules[rule]) / size for rule in order],
        height=0.25,
        color=LINE,
        label="of the processor",
    )
    panel.set_yticks(positions, [f"{rule}  ({len(rules[rule])})" for rule in order])
    panel.set_ylim(-0.6, len(order) - 0.4)
    panel.set_xlabel(f"{name} of all jobs together (in brackets, how many jobs)")
    panel.legend(loc="lower right")
    return figure


def unit(seconds: float) -> tuple[int, str]:
    """The largest unit of which the time has at least two: its seconds and its name."""
    units = ((86400, "days"), (3600, "hours"), (60, "minutes"))
    return next(((size, name) for size, name in units if seconds >= 2 * size), (1, "seconds"))
