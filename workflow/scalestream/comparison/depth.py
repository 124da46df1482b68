"""Where a block is in its network, and what the blocks of all networks of a family show there."""

from collections.abc import Iterable, Iterator

import numpy as np

from scalestream.comparison.grouping import grouped
from scalestream.comparison.members import Member
from scalestream.measures.agreement import known
from scalestream.measures.thresholds import CORRELATED
from scalestream.networks.interface import Block, Description


def depth(network: Description, block: Block) -> float:
    """A block's place among all blocks of the network that can be analysed, from 0, the first, to 1, the last; of a pair of
    blocks, that of the later one."""
    place = next(place for place, each in enumerate(network.blocks) if each.post == block.post)
    return place / max(1, len(network.blocks) - 1)


def growth(network: Description, block: Block) -> float | None:
    """The receptive field of Pre over that of In; None where either is not known, or has no border."""
    fields = [layer and layer.receptive_field for layer in map(network.layers.get, (block.pre, block.input))]
    return fields[0] / fields[1] if all(fields) else None


def passing_shares(member: Member, network: Description, criteria: Iterable[dict], null: Iterable[dict]) -> Iterator[dict]:
    """Rows of the table of passing shares, one a block, with the share that mismatched pairs of In and Pre give.

    criteria, null: rows of these tables of a single run; of the null those with the seed of the criteria.
    """
    of_null = {(row["block"], row["seed"]): row for row in null}
    for (block, seed), passes in grouped(criteria, "block", "seed").items():
        expected = of_null[block, seed]
        total, passing = len(passes), sum(row["passes"] for row in passes)
        yield _place(member, network, block) | {
            "n_channels": total,
            "passing": passing,
            "share": passing / total,
            **{name: expected[name] / total for name in ("expected", "lower", "upper", "excess")},
            "p": expected["p"],
        }


def peak_lags(member: Member, network: Description, lags: Iterable[dict]) -> Iterator[dict]:
    """Rows of the table of peak lags, one a block: the median and quartiles over the channels whose correlogram is decided, as
    In and Pre correlate above CORRELATED at some lag; beside them the mean lag of different channels that do.

    lags: rows of that table of a single run.
    """
    for (block,), rows in grouped(lags, "block").items():
        decided = [row["peak_lag"] for row in rows if row["peak_lag"] is not None and max(row["matched"]) > CORRELATED]
        lower, median, upper = np.percentile(decided, [25, 50, 75]) if decided else [np.nan] * 3
        yield _place(member, network, block) | {
            "n_channels": len(rows),
            "n_decided": len(decided),
            "peak_lag": known(median),
            "lower": known(lower),
            "upper": known(upper),
            "unmatched_lag": rows[0]["unmatched_lag"],
        }


def _place(member: Member, network: Description, name: str) -> dict:
    """The columns that say which block a row is of, and where it is."""
    block = network.by_name[name]
    return member.columns | {"block": name, "depth": depth(network, block), "growth": growth(network, block)}
