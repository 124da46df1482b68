"""Other changes than magnification, and scrambled images, against plain ways to make them."""

import numpy as np
import pytest
import torch

from scalestream.images.preprocessing import magnify
from scalestream.study import nulls

SIDE = 112
MIDDLE = (SIDE - 1) / 2


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    return torch.rand(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))


def test_turns_about_the_middle_are_those_of_the_grid_of_pixels(images):
    for quarters in (1, 2):
        torch.testing.assert_close(
            nulls.turned(images, 90 * quarters, MIDDLE), images.rot90(quarters, (2, 3)), atol=2e-4, rtol=0
        )
    torch.testing.assert_close(nulls.mirrored(images, MIDDLE), images.flip(3), atol=2e-4, rtol=0)


def test_what_is_turned_about_stays(images):
    for changed in (nulls.turned(images, 90, 48), nulls.turned(images, 180, 48), nulls.mirrored(images, 48)):
        torch.testing.assert_close(changed[..., 48, 48], images[..., 48, 48], atol=2e-4, rtol=0)
    torch.testing.assert_close(nulls.turned(images, 90, 48)[..., 47, 48], images[..., 48, 49], atol=2e-4, rtol=0)
    torch.testing.assert_close(nulls.turned(images, 180, 48)[..., 40, 50], images[..., 56, 46], atol=2e-4, rtol=0)
    torch.testing.assert_close(nulls.mirrored(images, 48)[..., 40, 50], images[..., 40, 46], atol=2e-4, rtol=0)


def picture() -> np.ndarray:
    image = np.random.default_rng(0).normal(128, 8, (SIDE, SIDE, 3))  # far from black and white, which would be cut off
    image[30:60, 20:50] += [15, -10, 5]
    return image.round().astype(np.uint8)


def test_random_phases_keep_spectrum_and_colours():
    image = picture()
    changed = nulls.with_random_phases(image, np.random.default_rng(1))
    before, after = (np.fft.rfft2(each, axes=(0, 1)) for each in (image, changed))
    inner = np.s_[1 : SIDE // 2, 1 : SIDE // 2]
    assert np.corrcoef(abs(before[inner]).ravel(), abs(after[inner]).ravel())[0, 1] > 0.99
    np.testing.assert_allclose(changed.mean(axis=(0, 1)), image.mean(axis=(0, 1)), atol=0.1)
    cross = (np.angle(spectrum[..., 0] * spectrum[..., 1].conj())[1:9, 1:9] for spectrum in (before, after))
    assert np.abs(np.exp(1j * next(cross)) - np.exp(1j * next(cross))).mean() < 0.1  # between colours they stay
    assert abs(np.corrcoef(image.ravel(), changed.ravel())[0, 1]) < 0.5


def test_tiles_are_all_there_in_another_order():
    image = picture()
    changed = nulls.with_shuffled_tiles(image, np.random.default_rng(1))
    side = SIDE // nulls.TILES

    def tiles(of):
        return sorted(
            of[row : row + side, column : column + side].tobytes()
            for row in range(0, SIDE, side)
            for column in range(0, SIDE, side)
        )

    assert tiles(image) == tiles(changed) and (image != changed).any()


def test_a_draw_depends_on_block_channel_and_number_alone():
    image = picture()
    one, two = (nulls.scrambled([image, image], "phases", "2.1", draw) for draw in (0, 1))
    np.testing.assert_array_equal(one[1], nulls.scrambled([image, image], "phases", "2.1", 0)[1])
    assert (one[0] != one[1]).any() and (one[0] != two[0]).any()
    assert (one[0] != nulls.scrambled([image], "phases", "2.0", 0)[0]).any()


def test_changes_follow_what_s_magnifies_about(images):
    shrunk = nulls.changes("shrunk", 2, None, SIDE)["shrunk by 2"](images)
    np.testing.assert_allclose(shrunk.mean(), images.mean() / 4, rtol=1e-3)  # all of the image, in a quarter of the area
    about_neuron = nulls.changes("shrunk", 2, 48.0, SIDE)["shrunk by 2"](images)
    torch.testing.assert_close(about_neuron, magnify(images, 0.5, about=48.0))
    rotated = nulls.changes("rotated", 2, None, SIDE)
    torch.testing.assert_close(rotated["rotated by 90"](images), images.rot90(1, (2, 3)), atol=2e-4, rtol=0)
    assert set(nulls.changes("scrambled", 2, None, SIDE)) == {"scrambled phases", "scrambled tiles"}


def test_counts_by_hand():
    criteria = [{"block": "2.1", "ratio_passes": passes} for passes in (True, True, False, True)]
    row = nulls.counts(criteria, "mirrored", 0, before=[1, -1, 0, -2], after=[2, -0.5, 1, 0.1])
    assert row == {"block": "2.1", "null": "mirrored", "draw": 0, "n_channels": 4, "gain_passes": 3, "passes": 2}
    verdicts = [{"block": block, "gain_passes": True, "passes": block == "2.0"} for block in ("2.0", "2.0", "2.1")]
    assert [
        (row["block"], row["n_channels"], row["gain_passes"], row["passes"]) for row in nulls.of_verdicts("x", verdicts)
    ] == [
        ("2.0", 2, 2, 2),
        ("2.1", 1, 1, 0),
    ]
