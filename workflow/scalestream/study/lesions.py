"""Lesions of the stream: what a trained network uses of In, not what it could have learned without."""

from collections.abc import Iterable, Iterator

import torch

from scalestream.ablation.evaluation import Condition

INTACT = "intact"


def values(lesions: Iterable[str], means: torch.Tensor) -> dict[str, torch.Tensor]:
    """By lesion, what takes the place of every channel of In, (C,): zero, or its mean (C,)."""
    known = {"mean": means, "zero": torch.zeros_like(means)}
    return {lesion: known[lesion] for lesion in lesions}


def conditions(lesions: Iterable[str]) -> list[Condition]:
    """The intact network, and each lesion."""
    return [Condition(INTACT, None, []), *(Condition(lesion, None, [lesion]) for lesion in lesions)]


def rows(ablation: Iterable[dict]) -> Iterator[dict]:
    """Rows of the table of lesions, from those of the ablation table; no scale is among the scales of every condition.

    relative_accuracy: to the same condition's at no scale; None where that is zero.
    """
    ablation = list(ablation)
    at_no_scale = {row["condition"]: row["accuracy"] for row in ablation if row["scale_percent"] == 0}
    for row in ablation:
        whole = at_no_scale[row["condition"]]
        names = ("block", "scale_percent", "n_correct", "n_images", "accuracy", "correct")
        yield {name: row[name] for name in names} | {
            "replacement": row["condition"],
            "relative_accuracy": row["accuracy"] / whole if whole else None,
        }
