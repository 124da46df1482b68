"""Pictures to look at."""

import io

import numpy as np
from PIL import Image
from torchvision.transforms import functional as F

from scalestream.report.thumbnails import TopImages, encode, mosaic, opened


def test_a_mosaic_goes_row_by_row_and_is_white_where_images_are_missing():
    images = [np.full((2, 2, 3), value, np.uint8) for value in range(9)]
    assert mosaic(images)[::2, ::2, 0].tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert mosaic(images[:4])[::2, ::2, 0].tolist() == [[0, 1, 2], [3, 255, 255], [255, 255, 255]]


def test_top_images_are_shown_as_the_network_saw_them(real_files):
    """Resize and center crop by torchvision, then half the side."""
    found = np.asarray(TopImages(256, 224).mosaic([str(path) for path in real_files[:4]]))
    assert found.shape == (336, 336, 3) and (found[112:, 112:] == 255).all() and (found[224:] == 255).all()
    for place, path in enumerate(real_files[:3]):
        seen = F.center_crop(F.resize(Image.open(path).convert("RGB"), 256), [224, 224])
        expected = np.asarray(seen.resize((112, 112), Image.Resampling.LANCZOS)).astype(int)
        cell = found[:112, 112 * place : 112 * (place + 1)]
        assert np.abs(cell - expected).mean() < 8  # an image's odd side moves the crop by a pixel


def test_webp_looks_like_what_was_encoded():
    image = Image.fromarray(np.linspace(0, 255, 32 * 32 * 3).reshape(32, 32, 3).astype(np.uint8))
    data = encode(image)
    assert Image.open(io.BytesIO(data)).format == "WEBP"
    assert np.abs(np.asarray(opened(data)).astype(int) - np.asarray(image)).mean() < 4
