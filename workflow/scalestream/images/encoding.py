"""Images as the bytes of a PNG file."""

import io

import numpy as np
from PIL import Image


def encode_png(image: np.ndarray) -> bytes:
    """(S, S, 3) of 8-bit RGB -> PNG bytes."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format="png")
    return buffer.getvalue()


def decode_png(data: bytes) -> np.ndarray:
    """PNG bytes -> (S, S, 3) of 8-bit RGB."""
    return np.array(Image.open(io.BytesIO(data)).convert("RGB"))
