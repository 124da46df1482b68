"""Images as files' bytes."""

import numpy as np

from scalestream.images.encoding import decode_png, encode_png


def test_png_keeps_every_pixel():
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    assert np.array_equal(decode_png(encode_png(image)), image)
