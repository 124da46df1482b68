"""Images the project draws itself: twelve classes of shapes and textures on coloured noise, each at many scales.

A class has a range of scales, of about two octaves. The embedded network was trained on the lower part of it alone
(TRAINED_SCALES, 0.8 of the logarithmic range); validation images come from the whole range. So a fifth of them lie outside the
trained scales, at the large end, and magnifying an image moves more of them there.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

SHAPE_RADIUS = (0.075, 0.285)  # smallest and largest, as a share of the image side
TEXTURE_PERIOD = (0.06, 0.24)
VALIDATION, TRAINING = 0, 1
ALL_SCALES, TRAINED_SCALES, LARGER_SCALES = (0, 1), (0, 0.8), (0.8, 1)  # from and to, in shares of a class's logarithmic range

Field = Callable[[np.ndarray, np.ndarray, float, np.random.Generator], np.ndarray]


def disk(x: np.ndarray, y: np.ndarray, radius: float, _: np.random.Generator) -> np.ndarray:
    """Signed distance in pixels, negative inside, to a disk at the origin; x, y: pixels."""
    return np.hypot(x, y) - radius


def annulus(x: np.ndarray, y: np.ndarray, radius: float, _: np.random.Generator) -> np.ndarray:
    """Signed distance to an annulus whose hole has half the outer radius."""
    return np.abs(np.hypot(x, y) - 0.75 * radius) - 0.25 * radius


def polygon(x: np.ndarray, y: np.ndarray, radius: float, _: np.random.Generator, corners: int) -> np.ndarray:
    """Signed distance to the sides of a regular polygon with the given circumradius."""
    normals = 2 * np.pi * np.arange(corners) / corners
    apothem = radius * np.cos(np.pi / corners)
    return np.max([x * np.cos(a) + y * np.sin(a) for a in normals], axis=0) - apothem


def cross(x: np.ndarray, y: np.ndarray, radius: float, _: np.random.Generator) -> np.ndarray:
    """Signed distance to the sides of a cross with equal arms, each 0.3 radius in half width."""
    long, short = np.maximum(np.abs(x), np.abs(y)), np.minimum(np.abs(x), np.abs(y))
    return np.maximum(long - radius, short - 0.3 * radius)


def star(x: np.ndarray, y: np.ndarray, radius: float, _: np.random.Generator) -> np.ndarray:
    """Signed distance to the sides of a five-pointed star whose notches lie at 0.4 radius."""
    angle = np.abs((np.arctan2(y, x) + np.pi / 5) % (2 * np.pi / 5) - np.pi / 5)
    distance = np.hypot(x, y)
    across, along = distance * np.sin(angle), distance * np.cos(angle)
    notch_across, notch_along = 0.4 * radius * np.sin(np.pi / 5), 0.4 * radius * np.cos(np.pi / 5)
    side = np.hypot(notch_across, radius - notch_along)
    return ((along - radius) * notch_across + across * (radius - notch_along)) / side


def bands(position: np.ndarray, period: float) -> np.ndarray:
    """Signed distance to the bands that fill every other half period along `position` (pixels)."""
    return np.abs((position / period) % 1 - 0.5) * period - period / 4


def stripes(x: np.ndarray, y: np.ndarray, period: float, _: np.random.Generator) -> np.ndarray:
    """Signed distance to straight parallel stripes."""
    return bands(x, period)


def checkerboard(x: np.ndarray, y: np.ndarray, period: float, _: np.random.Generator) -> np.ndarray:
    """Signed distance to the squares of one colour, each half a period wide."""
    columns, rows = bands(x, period), bands(y, period)
    return -np.sign(columns * rows) * np.minimum(np.abs(columns), np.abs(rows))


def dots(x: np.ndarray, y: np.ndarray, period: float, _: np.random.Generator) -> np.ndarray:
    """Signed distance to disks of radius 0.3 period on a square lattice."""
    return np.hypot((x / period) % 1 - 0.5, (y / period) % 1 - 0.5) * period - 0.3 * period


def circles(x: np.ndarray, y: np.ndarray, period: float, _: np.random.Generator) -> np.ndarray:
    """Signed distance to concentric rings around the origin."""
    return bands(np.hypot(x, y), period)


def waves(x: np.ndarray, y: np.ndarray, period: float, _: np.random.Generator) -> np.ndarray:
    """Approximate signed distance to parallel wavy stripes."""
    return bands(x + 0.35 * period * np.sin(np.pi * y / period), period)


def spots(x: np.ndarray, y: np.ndarray, period: float, rng: np.random.Generator) -> np.ndarray:
    """Approximate signed distance to the dark half of noise with one spatial frequency in all directions."""
    frequency = radial_frequency(len(x))
    field = filtered_noise(np.exp(-0.5 * ((frequency * period - 1) / 0.15) ** 2), rng)
    return field * period / (2 * np.pi * field.std())


FIELDS: dict[str, tuple[tuple[float, float], Field]] = {
    "disk": (SHAPE_RADIUS, disk),
    "ring": (SHAPE_RADIUS, annulus),
    "square": (SHAPE_RADIUS, partial(polygon, corners=4)),
    "triangle": (SHAPE_RADIUS, partial(polygon, corners=3)),
    "cross": (SHAPE_RADIUS, cross),
    "star": (SHAPE_RADIUS, star),
    "stripes": (TEXTURE_PERIOD, stripes),
    "checkerboard": (TEXTURE_PERIOD, checkerboard),
    "dots": (TEXTURE_PERIOD, dots),
    "circles": (TEXTURE_PERIOD, circles),
    "waves": (TEXTURE_PERIOD, waves),
    "spots": (TEXTURE_PERIOD, spots),
}
CLASSES: tuple[str, ...] = tuple(sorted(FIELDS))  # as a folder of class folders is numbered


def radial_frequency(size: int) -> np.ndarray:
    """Spatial frequencies (cycles per pixel) of a real 2-D Fourier transform: (size, size // 2 + 1)."""
    return np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None, :])


def filtered_noise(gain: np.ndarray, rng: np.random.Generator, channels: tuple[int, ...] = ()) -> np.ndarray:
    """White noise times `gain` (size, size // 2 + 1) in Fourier space: (*channels, size, size), any amplitude."""
    spectrum = rng.standard_normal((2, *channels, *gain.shape), dtype=np.float32)
    return np.fft.irfft2((spectrum[0] + 1j * spectrum[1]) * gain, s=(len(gain), len(gain)))


def coloured_noise(size: int, rng: np.random.Generator) -> np.ndarray:
    """Noise whose amplitude falls with frequency and whose channels are partly correlated: (size, size, 3), sd 1."""
    frequency = np.maximum(radial_frequency(size), 1 / size)
    noise = filtered_noise(frequency ** -rng.uniform(0.7, 1.4), rng, channels=(4,))
    mixed = noise[:3] + rng.uniform(0.5, 2.0) * noise[3]
    mixed -= mixed.mean(axis=(1, 2), keepdims=True)
    return np.moveaxis(mixed / mixed.std(), 0, -1)


def colour_pair(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two RGB colours in [0, 1], between 0.3 and 0.9 apart."""
    while True:
        first, second = rng.uniform(0.1, 0.9, (2, 3))
        if 0.3 < np.linalg.norm(first - second) < 0.9:
            return first, second


def rotated_grid(size: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Pixel coordinates x, y (size, size) after a random shift of at most 0.12 size and a random rotation."""
    shift_x, shift_y = rng.uniform(-0.12, 0.12, 2) * size
    angle = rng.uniform(0, 2 * np.pi)
    axis = np.arange(size) - (size - 1) / 2
    x, y = axis[None, :] - shift_x, axis[:, None] - shift_y
    return x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)


def coverage(label: int, scale: float, rng: np.random.Generator, size: int) -> np.ndarray:
    """Share of each pixel the class's pattern covers, at a radius or period of `scale` pixels: (size, size)."""
    _, field = FIELDS[CLASSES[label]]
    x, y = rotated_grid(size, rng)
    return np.clip(0.5 - field(x, y, scale, rng), 0, 1)


def draw(label: int, rng: np.random.Generator, size: int, scales: tuple[float, float] = ALL_SCALES) -> np.ndarray:
    """One image of the class CLASSES[label], its scale drawn log-uniformly from a part of the range: (size, size, 3) uint8."""
    (smallest, largest), _ = FIELDS[CLASSES[label]]
    scale = size * smallest * (largest / smallest) ** rng.uniform(*scales)
    mask = coverage(label, scale, rng, size)[:, :, None]
    foreground, background = colour_pair(rng)
    image = background + (foreground - background) * mask + rng.uniform(0.03, 0.12) * coloured_noise(size, rng)
    return np.round(np.clip(image, 0, 1) * 255).astype(np.uint8)


def generator(stream: int, seed: int, label: int, number: int) -> np.random.Generator:
    """The generator of one image; two different streams never share an image, whatever their seeds."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(stream, label, number)))


def write_images(folder: Path, per_class: int, size: int, seed: int) -> None:
    """Write `per_class` validation images of each class to <folder>/<class>/<number>.png."""
    _write(folder, per_class, size, seed, VALIDATION, ALL_SCALES)


def write_training_images(folder: Path, per_class: int, size: int, seed: int) -> None:
    """As `write_images`, images to train with, of all scales."""
    _write(folder, per_class, size, seed, TRAINING, ALL_SCALES)


def write_training_images_of_trained_scales(folder: Path, per_class: int, size: int, seed: int) -> None:
    """As `write_training_images`, of the scales that the embedded network was trained on."""
    _write(folder, per_class, size, seed, TRAINING, TRAINED_SCALES)


def _write(folder: Path, per_class: int, size: int, seed: int, stream: int, scales: tuple[float, float]) -> None:
    for label, name in enumerate(CLASSES):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(per_class):
            image = draw(label, generator(stream, seed, label, number), size, scales)
            Image.fromarray(image).save(folder / name / f"{number:05d}.png")
