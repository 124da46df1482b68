"""Gradients by the image as pictures."""

import numpy as np

from scalestream.images.encoding import encode_png


def picture(gradient: np.ndarray, std: list[float]) -> bytes:
    """Gradient by network input (3, S, S), not all zero -> PNG of that by an image's colours: zero is mid grey, the largest
    value, of either sign, full or no colour.

    std: what each colour was divided by to make network input.
    """
    by_colour = gradient / np.array(std)[:, None, None]
    values = by_colour / np.abs(by_colour).max()
    return encode_png((127.5 * (1 + values)).round().astype(np.uint8).transpose(1, 2, 0))
