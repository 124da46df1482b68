"""Images with what the planted network classifies: gratings of a colour axis and an orientation, under noise."""

from pathlib import Path

import numpy as np
from PIL import Image

from scalestream.networks.planting import CLASSES, FEATURES, Feature, colour

WAVELENGTHS = (5.0, 6.5)  # pixels, shortest and longest; about that of In's features
CONTRAST = 0.1  # amplitude along the colour axis, where a colour goes from 0 to 1
NOISE = 0.18  # standard deviation of every colour of every pixel; so much that magnified gratings get lost to the stem alone
BY_CLASS = {feature.label: feature for feature in FEATURES.values()}


def draw(feature: Feature, rng: np.random.Generator, size: int) -> np.ndarray:
    """A grating over the whole image, of random wavelength and phase: RGB (size, size, 3) uint8."""
    down, across = np.indices((size, size))
    angle = np.radians(feature.orientation)
    along = across * np.cos(angle) + down * np.sin(angle)
    wave = np.cos(2 * np.pi * (along / rng.uniform(*WAVELENGTHS) + rng.uniform()))
    image = 0.5 + CONTRAST * wave[:, :, None] * colour(feature.axis) + NOISE * rng.standard_normal((size, size, 3))
    return np.round(np.clip(image, 0, 1) * 255).astype(np.uint8)


def write_images(folder: Path, per_class: int, size: int, seed: int) -> None:
    """Write `per_class` images of each class to <folder>/<class>/<number>.png."""
    for label, name in enumerate(CLASSES):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(per_class):
            image = draw(BY_CLASS[name], np.random.default_rng([seed, label, number]), size)
            Image.fromarray(image).save(folder / name / f"{number:05d}.png")
