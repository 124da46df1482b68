"""Which images were answered correctly, eight to a byte."""

import numpy as np


def packed(correct: np.ndarray) -> bytes:
    """(N,) bool -> bytes."""
    return np.packbits(correct).tobytes()


def unpacked(data: bytes, count: int) -> np.ndarray:
    """Bytes -> (count,) bool."""
    return np.unpackbits(np.frombuffer(data, np.uint8), count=count).astype(bool)
