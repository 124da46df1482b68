"""Gradients by the image as pictures, for the atlas."""

import numpy as np
from PIL import Image

from scalestream.report.thumbnails import encode

SIDE = 224  # pixels of a picture, at least about so many; a lossy format blurs the colours of single pixels


def picture(gradient: np.ndarray, std: list[float]) -> bytes:
    """Gradient by network input (3, S, S), not all zero -> WebP of that by an image's colours, its pixels repeated: zero is mid
    grey, the largest value, of either sign, full or no colour.

    std: what each colour was divided by to make network input.
    """
    by_colour = gradient / np.array(std)[:, None, None]
    values = by_colour / np.abs(by_colour).max()
    pixels = (127.5 * (1 + values)).round().astype(np.uint8).transpose(1, 2, 0)
    times = max(1, round(SIDE / len(pixels)))
    return encode(Image.fromarray(pixels.repeat(times, axis=0).repeat(times, axis=1)))
