"""What is found of the features that are planted in a network, in channels or in superposition."""

from collections.abc import Iterable, Iterator

import numpy as np

from scalestream.networks.planting import FEATURES, mixing
from scalestream.study.intervals import wilson

LIES_IN = 0.8  # of a direction's length, from which on it is a feature's


def stream_directions(channels: int, seed: int, superposition: bool) -> dict[int, np.ndarray]:
    """The direction of the stream (channels,) that holds each channel's feature, by channel."""
    turn = mixing(seed) if superposition else np.eye(len(FEATURES))
    found = {channel: np.zeros(channels) for channel in FEATURES}
    for channel, column in zip(FEATURES, turn.T):
        found[channel][list(FEATURES)] = column
    return found


def recovered(called: np.ndarray, truth: Iterable[dict], held: dict[int, np.ndarray]) -> Iterator[dict]:
    """Columns of the table of recovery, a row for each kind: how many of its features the called directions find.

    Both polarities of a feature are of one kind, and what answers to either lies between their directions; so a direction is a
    feature's where LIES_IN of its length lies in the plane of both. truth: rows of the table of planted channels. held: the
    direction that holds each channel's feature. called: (N, C).
    """
    planes: dict[tuple, list[np.ndarray]] = {}
    for row in truth:
        key = row["axis"], row["orientation"], row["kind"], row["scale_invariant"]
        planes.setdefault(key, []).append(held[row["channel"]])
    units = called / np.linalg.norm(called, axis=1, keepdims=True)
    by_kind: dict[tuple, list[bool]] = {}
    for (_, _, *kind), plane in planes.items():
        lies = np.linalg.norm(units @ np.transpose(plane), axis=1)
        by_kind.setdefault(tuple(kind), []).append(bool((lies >= LIES_IN).any()))
    for (kind, is_invariant), hits in by_kind.items():
        count, total = sum(hits), len(hits)
        lower, upper = wilson(count, total)
        row = {"kind": kind, "scale_invariant": is_invariant, "n_called": len(called), "count": count, "total": total}
        yield row | {"share": count / total, "lower": lower, "upper": upper}
