"""What would pass by chance: Eq. 1 with another change of the image than magnification, or with nothing left of its feature."""

import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial

import numpy as np
import torch

from scalestream.images.preprocessing import magnify, moved_about

DRAWS = 5  # of what is scrambled at random
TILES = 8  # a side, of an image whose blocks of pixels are shuffled

Change = Callable[[torch.Tensor], torch.Tensor]


def turned(images: torch.Tensor, degrees: float, about: float) -> torch.Tensor:
    """Network input (N, 3, S, S), turned counterclockwise about the pixel in row and column `about`."""
    angle = np.deg2rad(degrees)
    return moved_about(images, [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], about)


def mirrored(images: torch.Tensor, about: float) -> torch.Tensor:
    """Network input (N, 3, S, S), left and right exchanged about the column `about`."""
    return moved_about(images, [[-1, 0], [0, 1]], about)


def with_random_phases(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """An 8-bit RGB image (S, S, 3) with its amplitudes at every spatial frequency and its colours, but with other phases: those
    of all three colours are moved alike."""
    noise = np.fft.rfft2(rng.standard_normal(image.shape[:2]))
    moved = np.fft.rfft2(image, axes=(0, 1)) * np.exp(1j * np.angle(noise))[..., None]
    moved[0, 0] = image.sum(axis=(0, 1))  # the mean colour
    return np.clip(np.fft.irfft2(moved, s=image.shape[:2], axes=(0, 1)).round(), 0, 255).astype(np.uint8)


def with_shuffled_tiles(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """An 8-bit RGB image (S, S, 3) whose 8 x 8 tiles of pixels are in random order; what is left over at its ends stays."""
    side = len(image) // TILES
    tiles = image[: side * TILES, : side * TILES].reshape(TILES, side, TILES, side, 3).swapaxes(1, 2)
    shuffled = rng.permutation(tiles.reshape(TILES**2, side, side, 3)).reshape(tiles.shape).swapaxes(1, 2)
    result = image.copy()
    result[: side * TILES, : side * TILES] = shuffled.reshape(side * TILES, side * TILES, 3)
    return result


SCRAMBLES = {"phases": with_random_phases, "tiles": with_shuffled_tiles}


def scrambled(images: list[np.ndarray], kind: str, block: str, draw: int) -> list[np.ndarray]:
    """Every channel's image, scrambled; the draw depends on block, channel and its number alone."""
    return [
        SCRAMBLES[kind](image, np.random.default_rng([zlib.crc32(f"{block} {kind}".encode()), channel, draw]))
        for channel, image in enumerate(images)
    ]


def changes(null: str, factor: float, about: float | None, side: int) -> dict[str, Change]:
    """By name, the changes of network input that a null has in place of S of Eq. 1.

    factor: of S. about: what S magnifies about, if not about the middle of the `side` x `side` image.
    """
    fixed = (side - 1) / 2 if about is None else about
    return {
        "rotated": {f"rotated by {angle}": partial(turned, degrees=angle, about=fixed) for angle in (90, 180)},
        "mirrored": {"mirrored": partial(mirrored, about=fixed)},
        "shrunk": {f"shrunk by {factor:g}": partial(magnify, factor=1 / factor, about=about)},
        "scrambled": {f"scrambled {kind}": partial(magnify, factor=factor, about=about) for kind in SCRAMBLES},
    }[null]


def counts(criteria: Iterable[dict], null: str, draw: int, before: list[float], after: list[float]) -> dict:
    """A row of the table of nulls: how many channels of a block meet Eq. 1 by the change, and how many pass, by Eq. 2 as it is.

    criteria: rows of that table, of one block. before, after: (C,), Pre's responses to each channel's image as it is and
    changed.
    """
    criteria = list(criteria)
    grows = [changed > max(unchanged, 0) for unchanged, changed in zip(before, after, strict=True)]
    return {
        "block": criteria[0]["block"],
        "null": null,
        "draw": draw,
        "n_channels": len(criteria),
        "gain_passes": sum(grows),
        "passes": sum(each and row["ratio_passes"] for each, row in zip(grows, criteria, strict=True)),
    }


def of_verdicts(null: str, criteria: Iterable[dict]) -> Iterator[dict]:
    """Rows of the table of nulls, one a block, from the criteria of the run itself or of a network with other weights."""
    blocks: dict[str, list[dict]] = {}
    for row in criteria:
        blocks.setdefault(row["block"], []).append(row)
    for block, rows in blocks.items():
        passing = {"gain_passes": sum(row["gain_passes"] for row in rows), "passes": sum(row["passes"] for row in rows)}
        yield {"block": block, "null": null, "draw": 0, "n_channels": len(rows)} | passing


def of_rewiring(null: Iterable[dict]) -> Iterator[dict]:
    """Rows of the table of nulls from that of the null of mismatched pairs, with its 95 % interval."""
    for row in null:
        bounds = {name: row[name] for name in ("block", "n_channels", "lower", "upper")}
        yield bounds | {"null": "rewired", "draw": 0, "passes": row["expected"]}
