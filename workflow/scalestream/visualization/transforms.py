"""The random transforms of a feature visualization, drawn for every image by itself (method of Lucent's transforms).

Lucent draws one transform a step for a whole batch. Here every image has its own draw, so that channels optimised together
do not depend on each other.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class TransformSettings:
    """Which random transforms an optimisation uses (paper, section 7.1).

    jitter: largest first translation in pixels, 0 for none; scales: factors; angles: degrees.
    """

    jitter: int
    scales: tuple[float, ...]
    angles: tuple[float, ...]


@dataclass(frozen=True)
class Draws:
    """Drawn transforms, by step, or by step and image.

    first, second: (..., 2) translations (dx, dy) in pixels; scale: (...) factors; angle: (...) degrees.
    """

    first: np.ndarray
    scale: np.ndarray
    angle: np.ndarray
    second: np.ndarray


def draw(transform_settings: TransformSettings, steps: int, rng: np.random.Generator) -> Draws:
    """The transforms of one image, by step.

    A longer run begins with the draws of a shorter one.
    """
    uniform = rng.random((steps, 6))

    def pick(column: int, options) -> np.ndarray:
        options = np.asarray(options)
        return options[(uniform[:, column] * len(options)).astype(int)]

    first, second = range(max(transform_settings.jitter, 1)), range(max(transform_settings.jitter // 2, 1))
    return Draws(
        first=np.stack([pick(0, first), pick(1, first)], axis=1),
        scale=pick(2, transform_settings.scales),
        angle=pick(3, transform_settings.angles),
        second=np.stack([pick(4, second), pick(5, second)], axis=1),
    )


def together(draws: list[Draws]) -> Draws:
    """Several images' draws as one, by step and image."""
    return Draws(**{name: np.stack([getattr(image, name) for image in draws], axis=1) for name in vars(draws[0])})
