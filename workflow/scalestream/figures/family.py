"""What figures of a family of networks share: a colour for each arm, and panels by arm or by recipe."""

from collections.abc import Iterable

import matplotlib.pyplot as plt


def colors(names: Iterable[str]) -> dict[str, str]:
    """A colour of the style for each name, in the order that they come in; after the last it begins anew."""
    cycle = plt.rcParams["axes.prop_cycle"].by_key()["color"]
    return {name: cycle[place % len(cycle)] for place, name in enumerate(dict.fromkeys(names))}


def title(*names: str | None) -> str:
    """Of a panel: the names that there are."""
    return ", ".join(name for name in names if name is not None)
