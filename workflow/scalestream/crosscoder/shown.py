"""Which latents are shown and which are ablated, from the table of latents."""

from collections.abc import Iterable


def of_main(rows: Iterable[dict], seed: int) -> list[dict]:
    """The rows of the crosscoder whose latents are shown: of that seed, and of samples as they are."""
    return [row for row in rows if row["seed"] == seed and not row["shuffled"]]


def live(rows: Iterable[dict]) -> list[dict]:
    """The rows of latents that ever fire."""
    return [row for row in rows if row["firing"] > 0]


def shown(rows: Iterable[dict], count: int) -> list[int]:
    """At most that many live latents: those that are found scale invariant first, and of either kind the most powerful."""
    ordered = sorted(live(rows), key=lambda row: (not row["found"], -row["power"], row["latent"]))
    return [row["latent"] for row in ordered[:count]]
