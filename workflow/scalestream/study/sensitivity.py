"""How many channels pass as the thresholds of the criteria change, one at a time (paper, section 3)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from scalestream.criteria.equations import post_is_invariant, response_gain

PAPER = {"tolerance": 1.5, "gain_margin": 0, "magnification": 2}


def with_papers(threshold: str, values: list[float]) -> list[float]:
    """The values, ascending, with the paper's among them; none where there are none."""
    return sorted({*values, PAPER[threshold]}) if values else []


def sensitivity(
    criteria: Iterable[dict], responses: Iterable[dict], values: dict[str, list[float]], tolerance: float
) -> Iterator[dict]:
    """Rows of the table of sensitivity, one a block, seed, threshold and value; the other thresholds are as they are in force.

    criteria: rows of the criteria of all seeds, the first seed's first. responses: Pre's responses to the visualizations at In
    of the first seed, by block, channel and magnification. values: by threshold: "tolerance" (Eq. 2), "gain_margin" (what the
    response gain must exceed, in place of zero, Eq. 1), "magnification" (of S, Eq. 1; first seed alone). tolerance: in force.
    """
    scaled = {(row["block"], row["channel"], row["magnification"]): row["pre"] for row in responses}
    by_run = defaultdict(list)
    for row in criteria:
        by_run[row["block"], row["seed"]].append(row)

    def grows(row: dict, magnification: float) -> bool:
        return response_gain(row["pre_in"], scaled[row["block"], row["channel"], magnification]) > 0

    passes = {
        "tolerance": lambda row, value: row["gain_passes"] and post_is_invariant(row["ratio"], value),
        "gain_margin": lambda row, value: row["gain"] > value and post_is_invariant(row["ratio"], tolerance),
        "magnification": lambda row, value: grows(row, value) and post_is_invariant(row["ratio"], tolerance),
    }
    first_seed = next(iter(by_run))[1]
    for (block, seed), rows in by_run.items():
        for threshold, passes_at in passes.items():
            if threshold == "magnification" and seed != first_seed:
                continue
            for value in with_papers(threshold, values[threshold]):
                yield {
                    "block": block,
                    "seed": seed,
                    "threshold": threshold,
                    "value": value,
                    "n_passing": sum(passes_at(row, value) for row in rows),
                    "n_channels": len(rows),
                }
