"""The random transforms as they are drawn."""

import numpy as np

from scalestream.visualization.transforms import TransformSettings, draw

SCALES, ANGLES = (1, 0.975, 1.025, 0.95, 1.05), tuple(range(-5, 6))


def test_a_longer_run_begins_with_the_transforms_of_a_shorter_one():
    transform_settings = TransformSettings(16, SCALES, ANGLES)
    short, long = (draw(transform_settings, steps, np.random.default_rng(0)) for steps in (5, 9))
    for name in ("first", "scale", "angle", "second"):
        assert np.array_equal(getattr(short, name), getattr(long, name)[:5])


def test_draws_cover_their_ranges_evenly():
    draws = draw(TransformSettings(16, SCALES, ANGLES), 20_000, np.random.default_rng(0))
    for values, options in (
        (draws.first[:, 0], range(16)),
        (draws.first[:, 1], range(16)),
        (draws.second[:, 0], range(8)),
        (draws.second[:, 1], range(8)),
        (draws.scale, SCALES),
        (draws.angle, ANGLES),
    ):
        found, counts = np.unique(values, return_counts=True)
        assert list(found) == sorted(options)
        assert counts.min() > 0.8 * 20_000 / len(options)
