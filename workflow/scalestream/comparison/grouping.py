"""Rows of a table in groups."""

from collections.abc import Iterable


def grouped(rows: Iterable[dict], *columns: str) -> dict[tuple, list[dict]]:
    """Rows by their values of the columns, in the order that they come in."""
    groups: dict[tuple, list[dict]] = {}
    for row in rows:
        groups.setdefault(tuple(row[column] for column in columns), []).append(row)
    return groups
