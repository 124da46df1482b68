"""Which channels are scale invariant by which rule: the paper's criteria, these with a larger gain, and the measures."""

from collections.abc import Callable, Iterable, Iterator
from itertools import combinations

import pandas as pd

from scalestream.criteria.concordance import concordance
from scalestream.measures.thresholds import GAIN, LARGER, RANK, P, largest_rank

PAPERS = ("paper", "paper_gain", "paper_rank")
RULES = (*PAPERS, "lagged", "circuit", "both")


def verdicts(criteria: Iterable[dict], lags: Iterable[dict] | None, circuits: Iterable[dict] | None) -> Iterator[dict]:
    """Rows of the table of verdicts, one a channel, with every rule's; those of a measure that was not taken are missing.

    `paper` is Eq. 1 and 2 alone. `paper_gain` asks for a normalised gain above 0.1 too, `paper_rank` for one among the highest
    tenth of the gains that Pre shows to all channels' images. criteria, lags, circuits: rows of these tables, of one block.
    """
    by_lags, by_circuits = (_called(rule, rows) for rule, rows in ((lagged, lags), (is_circuit, circuits)))
    for row in criteria:
        channel = row["channel"]
        by_lag, by_circuit = by_lags.get(channel), by_circuits.get(channel)
        yield {
            "block": row["block"],
            "channel": channel,
            "paper": row["passes"],
            "paper_gain": row["passes"] and (row["normalized_gain"] or 0) > GAIN,
            "paper_rank": row["passes"] and row["gain_rank"] <= RANK,
            "lagged": by_lag,
            "circuit": by_circuit,
            "both": None if by_lag is None or by_circuit is None else by_lag and by_circuit,
        }


def _called(rule: Callable[[dict, float], bool], rows: Iterable[dict] | None) -> dict[int, bool]:
    """A measure's verdict by channel; without any where it was not taken."""
    rows = list(rows or [])
    largest = largest_rank(rows)
    return {row["channel"]: rule(row, largest) for row in rows}


def lagged(row: dict, largest: float = P) -> bool:
    """By the scale-lag correlogram: Pre to larger images goes with its own In more than with other channels'; it lags behind by
    more than other correlated pairs; and Post tolerates scale more than In.

    row: of the table of lags. largest: rank in its column that counts. Its rank in the row is not asked: a channel is no less
    invariant where another channel's Pre holds the same larger feature, as planted networks have it.
    """
    of_its_own = _at_most(row["p_column"], largest)
    return of_its_own and _above(row["excess_lower"], 0) and _above(row["tolerance_lower"], 0)


def is_circuit(row: dict, largest: float = P) -> bool:
    """By the linear circuit: Pre's gradient, pulled back through a magnification, is its own In's more than other channels',
    and more than through none or a shrinking one.

    row: of the table of circuits; of its ranks as for `lagged`.
    """
    of_its_own = _at_most(row["p_column"], largest)
    return of_its_own and _above(row["preferred"], LARGER) and _above(row["evidence"], 0)


def _at_most(value: float | None, bound: float) -> bool:
    return value is not None and value <= bound


def _above(value: float | None, bound: float) -> bool:
    return value is not None and value > bound


def agreement(table: pd.DataFrame) -> Iterator[dict]:
    """Rows of the table of agreement of rules, one a pair of rules, by block and for all channels together.

    table: that of the verdicts. Rules whose measure was not taken are left out.
    """
    rules = [rule for rule in RULES if table[rule].notna().all()]
    groups = dict(list(table.groupby("block", sort=False))) | {"all": table}
    for block, rows in groups.items():
        for rule, other in combinations(rules, 2):
            compared = concordance(rows[rule].astype(bool), rows[other].astype(bool))
            names = {"first_only": "rule_only", "second_only": "other_only"}
            yield {"block": block, "rule": rule, "other": other, "n_channels": len(rows)} | {
                names.get(key, key): value for key, value in compared.items()
            }
