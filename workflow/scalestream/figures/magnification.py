"""What figures against magnification share."""

from collections.abc import Iterable

from matplotlib.ticker import FixedLocator, NullLocator


def set_axis(panel, magnifications: Iterable[float]) -> None:
    """A log2 axis of magnification relative to no scale, with a tick and a number at each."""
    ticks = sorted(set(magnifications))
    panel.set_xscale("log", base=2)
    panel.xaxis.set_major_locator(FixedLocator(ticks))
    panel.xaxis.set_minor_locator(NullLocator())
    panel.set_xticks(ticks, [f"{tick:.3g}" for tick in ticks])
    panel.set_xlim(min(ticks) / 1.06, max(ticks) * 1.06)
