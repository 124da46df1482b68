"""Random draws of channels to ablate, each from its number and the seed alone (paper, section 4)."""

import zlib

import numpy as np

NEIGHBOURS = 5  # from which a matched channel is drawn; more make draws differ more, fewer make them more alike


def obstacle(control: str, selected: list[int], total: int) -> str | None:
    """Why a control cannot be drawn, where it cannot. selected: the channels to ablate; total: how many the block has."""
    if not selected:
        return "no channel passes"
    if control != "all" and 2 * len(selected) > total:
        return f"{len(selected)} of {total} channels ablated: too few others"
    return None


def random_channels(block: str, draw: int, selected: list[int], total: int, seed: int) -> list[int]:
    """The paper's random draw number `draw`: as many channels as are selected, out of those that are not, ascending.

    Depends on the arguments alone.
    """
    return np.sort(_generator(block, draw, seed).choice(_others(selected, total), size=len(selected), replace=False)).tolist()


def random_order(block: str, draw: int, total: int, seed: int) -> list[int]:
    """All of a block's channels in random order, which depends on the arguments alone."""
    return _generator(block, draw, seed, "order").permutation(total).tolist()


def matched_channels(block: str, draw: int, selected: list[int], means: list[float], seed: int) -> list[int]:
    """A random draw of not selected channels of like mean activation, ascending.

    The selected channels, in random order, each get one of the NEIGHBOURS channels not yet drawn whose means are nearest to
    theirs. means: of all the block's channels.
    """
    others, rng = _others(selected, len(means)).tolist(), _generator(block, draw, seed, "matched")
    drawn = []
    for channel in rng.permutation(selected):
        nearest = sorted(others, key=lambda other: abs(means[other] - means[channel]))[:NEIGHBOURS]
        drawn.append(nearest[rng.integers(len(nearest))])
        others.remove(drawn[-1])
    return sorted(drawn)


def draw_channels(control: str, block: str, draw: int, selected: list[int], means: list[float], seed: int) -> list[int]:
    """Draw number `draw` of a control: "random" and "unscreened" draw the same, "matched", or "all" from all channels.

    There must be no `obstacle`.
    """
    if control == "matched":
        return matched_channels(block, draw, selected, means, seed)
    if control == "all":
        return np.sort(_generator(block, draw, seed, "all").choice(len(means), size=len(selected), replace=False)).tolist()
    return random_channels(block, draw, selected, len(means), seed)


def _others(selected: list[int], total: int) -> np.ndarray:
    return np.setdiff1d(np.arange(total), selected)


def _generator(block: str, draw: int, seed: int, *control: str) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(block.encode()), draw, *(zlib.crc32(name.encode()) for name in control)])
