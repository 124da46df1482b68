"""Which channels are ablated: by a rule over the verdicts of one or several seeds of feature visualization, or as listed."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # reading the Snakefile must not wait for them
    import pandas as pd
    import pyarrow as pa


MEASURES = ("lagged", "circuit", "both")  # rules that ask the table of verdicts, in place of the criteria of seeds


def seeds_to_ask(rule: str | None, seeds: list[int]) -> list[int]:
    """The seeds whose criteria a rule of selection reads: the first, or all; the first where channels are listed."""
    return seeds if rule in ("majority", "every_seed") else seeds[:1]


def is_selected(rule: str, n_passing: int, n_seeds: int) -> bool:
    """Whether a channel that passes with some of the seeds is ablated: with the one seed, more than half, or every one."""
    return 2 * n_passing > n_seeds if rule == "majority" else n_passing == n_seeds


def select(
    criteria: "pd.DataFrame",
    rule: str | None,
    verdicts: "pd.DataFrame | None" = None,
    listed: list[int] | None = None,
) -> Iterator[dict]:
    """Rows of the table of the selection, by block and channel, from the criteria of the seeds to ask; by a measure, from
    that table of verdicts; or, without a rule, of the channels that are listed, whether they pass or not.

    The gain is the mean over the seeds.
    """
    chosen = listed
    if rule in MEASURES:
        chosen = [channel for channel, called in zip(verdicts["channel"], verdicts[rule]) if called]
    by_channel = criteria.astype({"gain": "float64"}).groupby(["block", "channel"], sort=False)
    table = by_channel.agg(n_seeds=("passes", "size"), n_passing=("passes", "sum"), gain=("gain", "mean"))
    for row in table.reset_index().to_dict("records"):
        selected = is_selected(rule, row["n_passing"], row["n_seeds"]) if chosen is None else row["channel"] in chosen
        yield row | {"selected": bool(selected)}


def by_gain(selection: "pa.Table") -> list[dict]:
    """Rows of a block's table of the selection, the highest response gain first."""
    return sorted(selection.to_pylist(), key=lambda row: (-row["gain"], row["channel"]))


def selected_channels(selection: "pa.Table") -> list[int]:
    """The selected channels of a block's table, the highest response gain first."""
    return [row["channel"] for row in by_gain(selection) if row["selected"]]


def passing_channels(table: "pa.Table") -> list[int]:
    """The channels that pass both criteria, in ascending order, from a block's table of criteria."""
    return sorted(row["channel"] for row in table.to_pylist() if row["passes"])
