"""Random views against torchvision's own transforms."""

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.stats import ks_2samp
from torchvision.transforms import RandomResizedCrop
from torchvision.transforms import functional as F

from scalestream.training.augmentation import Augmentation

SIDE, CROP = 72, 64


@pytest.fixture(scope="module")
def squares() -> list[Image.Image]:
    rng = np.random.default_rng(0)
    return [Image.fromarray(rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)) for _ in range(40)]


@pytest.mark.parametrize("area", [(0.08, 1), (0.3, 0.5), (0.9, 1)])
def test_windows_are_distributed_as_torchvisions(area):
    """Of crops near the whole image, many attempts fail."""
    found = Augmentation(area, True, CROP).windows(3000, SIDE, np.random.default_rng(1))
    torch.manual_seed(0)
    image = torch.empty(3, SIDE, SIDE)
    theirs = np.array([RandomResizedCrop.get_params(image, list(area), [3 / 4, 4 / 3]) for _ in range(3000)])
    for name, ours, other in zip(["top", "left", "height", "width"], found.T, theirs.T):
        assert ks_2samp(ours, other).pvalue > 0.001, name
    assert ks_2samp(found[:, 2] / found[:, 3], theirs[:, 2] / theirs[:, 3]).pvalue > 0.001
    assert (found[:, :2] >= 0).all() and (found[:, :2] + found[:, 2:] <= SIDE).all()


def test_a_crop_that_never_fits_is_the_whole_image():
    """Of the whole area, only a square one fits."""
    assert (Augmentation((1, 1), True, CROP).windows(500, SIDE, np.random.default_rng(0)) >= [0, 0, SIDE - 1, SIDE - 1]).all()


def test_a_view_is_torchvisions_of_the_same_window(squares):
    augmentation = Augmentation((0.08, 1), True, CROP)
    views = augmentation.views(squares, np.random.default_rng(5))
    rng = np.random.default_rng(5)
    windows, mirrored = augmentation.windows(len(squares), SIDE, rng), rng.random(len(squares)) < 0.5
    assert views.shape == (40, 3, CROP, CROP) and views.dtype == torch.uint8 and 10 < mirrored.sum() < 30
    for view, square, window, is_mirrored in zip(views, squares, windows.tolist(), mirrored):
        expected = F.pil_to_tensor(F.resized_crop(square, *window, [CROP, CROP]))
        assert torch.equal(view, expected.flip(-1) if is_mirrored else expected)


def test_without_an_area_pixels_stay_as_they_are(squares):
    """A crop of the input's size, from everywhere alike."""
    augmentation = Augmentation(None, False, CROP)
    views = augmentation.views(squares, np.random.default_rng(5))
    windows = augmentation.windows(len(squares), SIDE, np.random.default_rng(5))
    for view, square, (top, left, height, width) in zip(views, squares, windows.tolist()):
        assert (height, width) == (CROP, CROP)
        pixels = np.asarray(square)[top : top + CROP, left : left + CROP]
        assert np.array_equal(view.permute(1, 2, 0).numpy(), pixels)
    counts = np.bincount(augmentation.windows(9000, SIDE, np.random.default_rng(0))[:, 0])
    assert len(counts) == SIDE - CROP + 1 and 850 < counts.min() and counts.max() < 1150
