"""Where the time of a run went."""

from collections.abc import Iterable

import pandas as pd
from matplotlib.figure import Figure

from scalestream.figures.style import BAR, LINE, panels
from scalestream.report.job_times import unit


def time_by_rule(benchmarks: Iterable[dict]) -> Figure:
    """By rule, the time of all its jobs together, on the clock and of the processor; the rule that took longest on top.

    benchmarks: rows of the table of benchmarks.
    """
    jobs = pd.DataFrame(benchmarks, columns=["rule", "seconds", "cpu_seconds"]).groupby("rule", sort=False)
    rules = jobs.agg(count=("seconds", "size"), clock=("seconds", "sum"), processor=("cpu_seconds", "sum"))
    rules = rules.sort_values("clock", kind="stable")
    size, name = unit(rules["clock"].max() if len(rules) else 0)
    positions = range(len(rules))
    figure, (panel,) = panels(1, 1, width=5, height=0.7 + 0.18 * len(rules))
    panel.barh(positions, rules["clock"] / size, height=0.7, color=BAR, label="on the clock")
    panel.barh(positions, rules["processor"] / size, height=0.25, color=LINE, label="of the processor")
    panel.set_yticks(positions, [f"{rule}  ({count})" for rule, count in rules["count"].items()])
    panel.set_ylim(-0.6, len(rules) - 0.4)
    panel.set_xlabel(f"{name}, all jobs together (in brackets, how many)")
    panel.legend(loc="lower right")
    return figure
