"""Small WebP pictures to look at: a visualization, a channel's nine top images as one mosaic, images in a column."""

import io
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from PIL import Image

from scalestream.images.loading import open_rgb
from scalestream.images.preprocessing import resized, scale_transform

QUALITY = 90
SIDE = 3  # images across and down a mosaic


def opened(data: bytes) -> Image.Image:
    """The RGB image that the bytes of an image file hold."""
    return Image.open(io.BytesIO(data)).convert("RGB")


def encode(image: Image.Image) -> bytes:
    """8-bit RGB image -> WebP bytes; lossy, so for looking at only."""
    buffer = io.BytesIO()
    image.save(buffer, format="webp", quality=QUALITY)
    return buffer.getvalue()


def column(images: list[np.ndarray]) -> bytes:
    """Equal 8-bit images (S, S, 3), one below the other, each at half its side, as WebP bytes."""
    together = Image.fromarray(np.concatenate(images))
    return encode(together.resize((together.width // 2, together.height // 2), Image.Resampling.LANCZOS))


class TopImages:
    """Mosaics of natural images as the network saw them, each image at half its side.

    resize, crop: sides in pixels, as for the activations.
    """

    def __init__(self, resize: int, crop: int, interpolation: str = "bilinear"):
        self.resize, self.crop, self.interpolation = resize, crop, interpolation
        self.seen = lru_cache(maxsize=4096)(self._seen)  # images that excite one channel excite others

    def mosaic(self, paths: Iterable[str]) -> Image.Image:
        """The images in their order, row by row; raises InputError naming one that cannot be read."""
        return Image.fromarray(mosaic([self.seen(path) for path in paths]))

    def _seen(self, path: str) -> np.ndarray:
        seen = scale_transform(resized(open_rgb(path), self.resize, self.interpolation), 0, self.crop)
        return np.asarray(seen.resize([self.crop // 2] * 2, Image.Resampling.LANCZOS))


def mosaic(images: list[np.ndarray]) -> np.ndarray:
    """At most nine equal images (S, S, 3), row by row, as one square; missing ones are white."""
    cells = images + [np.full_like(images[0], 255)] * (SIDE * SIDE - len(images))
    return np.concatenate([np.concatenate(cells[first : first + SIDE], axis=1) for first in range(0, len(cells), SIDE)])
