"""Which channels are ablated: a rule over the verdicts of one or several seeds of feature visualization."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa


def seeds_to_ask(rule: str, seeds: list[int]) -> list[int]:
    """The seeds whose verdicts a rule of selection reads: the first, or all."""
    return seeds[:1] if rule == "one_seed" else seeds


def is_selected(rule: str, n_passing: int, n_seeds: int) -> bool:
    """Whether a channel that passes with some of the seeds is ablated: with the one seed, more than half, or every one."""
    return 2 * n_passing > n_seeds if rule == "majority" else n_passing == n_seeds


def select(criteria: Iterable[dict], rule: str) -> Iterator[dict]:
    """Rows of the table of the selection, by block and channel, from the rows of the criteria of the seeds to ask.

    The gain is the mean over the seeds.
    """
    for (block, channel), rows in by_channel(criteria).items():
        n_passing = sum(row["passes"] for row in rows)
        yield {"block": block, "channel": channel, "n_seeds": len(rows), "n_passing": n_passing,
               "gain": np.mean([row["gain"] for row in rows]), "selected": is_selected(rule, n_passing, len(rows))}


def by_gain(selection: pa.Table) -> list[dict]:
    """Rows of a block's table of the selection, the highest response gain first."""
    return sorted(selection.to_pylist(), key=lambda row: (-row["gain"], row["channel"]))


def selected_channels(selection: pa.Table) -> list[int]:
    """The selected channels of a block's table, the highest response gain first."""
    return [row["channel"] for row in by_gain(selection) if row["selected"]]


def by_channel(criteria: Iterable[dict]) -> dict[tuple[str, int], list[dict]]:
    """Rows of the criteria of several seeds by block and channel."""
    found = defaultdict(list)
    for row in criteria:
        found[row["block"], row["channel"]].append(row)
    return found
