"""Where a curve over octaves has its maximum."""

import numpy as np


def peaks(octaves: np.ndarray, scores: np.ndarray, axis: int = -1) -> np.ndarray:
    """The octaves at which scores are largest, along their axis of evenly spaced octaves, which is left out of the result.

    It is the vertex of the parabola through the largest score and its neighbours, or an end of the octaves where it lies there.
    NaN where a score is NaN.
    """
    last = len(octaves) - 1
    place = np.expand_dims(scores.argmax(axis=axis), axis)
    inner = place.clip(1, last - 1)
    before, peak, after = (np.take_along_axis(scores, inner + step, axis) for step in (-1, 0, 1))
    bend = before - 2 * peak + after
    refines = (place == inner) & (bend < 0)  # where all three are equal there is no vertex
    offset = np.divide(before - after, 2 * bend, out=np.zeros_like(bend), where=refines)
    found = np.asarray(octaves)[place] + offset * (octaves[1] - octaves[0])
    return np.where(np.isnan(scores.sum(axis=axis)), np.nan, found.squeeze(axis))
