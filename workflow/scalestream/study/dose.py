"""Ablation of more and more channels: those with the highest response gain, against as many random ones."""

from collections.abc import Iterator

from scalestream.ablation.draws import random_order
from scalestream.ablation.evaluation import Condition


def doses(count: int, points: int) -> list[int]:
    """At most `points` numbers of channels, evenly spaced up to all `count` of them."""
    points = min(points, count)
    return [round(count * point / points) for point in range(1, points + 1)]


def conditions(block: str, ranked: list[int], points: int, draws: int, seed: int) -> list[Condition]:
    """The intact network, and for every dose the channels of the highest gain and as many of each random order.

    ranked: all the block's channels, the highest gain first.
    """
    orders = {("gain", None): ranked}
    orders |= {("random", draw): random_order(block, draw, len(ranked), seed) for draw in range(draws)}
    return [
        Condition("intact", None, []),
        *(
            Condition(name, draw, sorted(order[:dose]))
            for dose in doses(len(ranked), points)
            for (name, draw), order in orders.items()
        ),
    ]


def rows(conditions: list[Condition], ablation: list[dict]) -> Iterator[dict]:
    """Rows of the table of doses; ablation: rows of the ablation table, as many for each condition, in their order."""
    scales = len(ablation) // len(conditions)
    for number, row in enumerate(ablation):
        yield {
            "n_ablated": len(conditions[number // scales].channels),
            "draw": row["trial"],
            **{name: row[name] for name in ("block", "condition", "scale_percent", "n_correct", "n_images", "accuracy")},
        }
