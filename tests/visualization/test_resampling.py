"""The transforms on a window, against Lucent's own on the whole image."""

from itertools import product
from unittest import mock

import numpy as np
import pytest
import torch
from lucent.optvis import param, transform

import plain_lucent
from scalestream.networks.receptive_field import Span
from scalestream.visualization.parameterization import FourierImages, spectrum_shape
from scalestream.visualization.resampling import Resampling, result_size
from scalestream.visualization.transforms import Draws, TransformSettings
from scalestream.visualization.visualize import Optimization

SCALES, ANGLES = (1, 0.975, 1.025, 0.95, 1.05), tuple(range(-5, 6))


def lucent_result(images: torch.Tensor, transform_settings: TransformSettings, draws: Draws) -> torch.Tensor:
    """Lucent's transforms, in its own order, with the given draws."""
    settings = Optimization(images.shape[-1], 1, 0.05, 0.01, 0, transform_settings)
    sequence = plain_lucent.drawn(draws, transform_settings.jitter)
    with mock.patch("numpy.random.choice", lambda options: next(sequence)):
        return transform.compose(plain_lucent.transforms(settings))(images)


def draws(first, scale, angle, second) -> Draws:
    """One step and one image."""
    return Draws(*(np.array([value]) for value in (first, scale, angle, second)))


@pytest.mark.parametrize("size", [40, 41])
@pytest.mark.parametrize(
    ("jitter", "scales", "angles"),
    [
        (0, SCALES, ANGLES),
        (4, SCALES, ANGLES),
        (16, SCALES, ANGLES),
        (8, (0.5, 1.6), (-90, 33, 180)),
    ],
)
def test_every_window_equals_lucents_result(double_precision, size, jitter, scales, angles):
    transform_settings, rng = TransformSettings(jitter, scales, angles), np.random.default_rng(0)
    images = torch.rand(1, 3, size, size, dtype=torch.float64)
    for length in (7, None):
        sides = {scale: result_size(size, jitter, scale) for scale in scales}
        length = length or min(sides.values())
        windows = {scale: Span((side - length) // 3, (side - length) // 3 + length) for scale, side in sides.items()}
        resampling = Resampling(size, transform_settings, windows)
        source = (..., slice(*resampling.source), slice(*resampling.source))
        for scale, angle in product(scales, angles):
            drawn = draws(rng.integers(0, max(jitter, 1), 2), scale, angle, rng.integers(0, max(jitter // 2, 1), 2))
            expected = lucent_result(images, transform_settings, drawn)
            assert expected.shape[-1] == sides[scale]
            found = resampling(images[source], resampling.indices(drawn))
            rows = slice(*windows[scale])
            torch.testing.assert_close(found, expected[..., rows, rows], rtol=0, atol=1e-12)


def test_the_largest_translations_stay_on_the_canvas(double_precision):
    transform_settings, images = TransformSettings(16, SCALES, ANGLES), torch.rand(1, 3, 40, 40, dtype=torch.float64)
    resampling = Resampling(40, transform_settings, dict.fromkeys(SCALES, Span(0, 40)))
    for first, second in product([(0, 0), (15, 0), (15, 15)], [(0, 0), (0, 7), (7, 7)]):
        drawn = draws(first, 0.95, 5, second)
        found = resampling(images, resampling.indices(drawn))
        torch.testing.assert_close(found, lucent_result(images, transform_settings, drawn), rtol=0, atol=1e-12)


def test_each_image_has_its_own_transforms():
    transform_settings, images = TransformSettings(4, SCALES, ANGLES), torch.rand(3, 3, 40, 40)
    resampling = Resampling(40, transform_settings, dict.fromkeys(SCALES, Span(10, 30))).float()
    inside = images[..., slice(*resampling.source), slice(*resampling.source)]
    indices = torch.cat(
        [
            resampling.indices(draws((dx, 1), scale, angle, (1, 0)))
            for dx, scale, angle in [(0, 1, 0), (3, 0.95, 5), (2, 1.05, -5)]
        ]
    )
    together = resampling(inside, indices)
    for image in range(3):
        alone = resampling(inside[image : image + 1], indices[image : image + 1])
        torch.testing.assert_close(together[image : image + 1], alone, rtol=0, atol=1e-6)


@pytest.mark.parametrize("size", [31, 64, 224])
def test_the_images_are_those_of_lucents_parameterisation(double_precision, size):
    noise = torch.randn(2, *spectrum_shape(size), dtype=torch.float64)
    spectra, image_f = param.image(size, batch=2)
    assert spectra[0].shape == noise.shape
    spectra[0].data.copy_(noise)
    images = FourierImages(noise, size)
    torch.testing.assert_close(images.finished(), image_f().detach(), rtol=0, atol=1e-12)
    span = Span(5, 17)
    part = images(span, torch.tensor([1]))
    torch.testing.assert_close(part, image_f()[1:, :, 5:17, 5:17], rtol=0, atol=1e-12)
    weights = torch.randn_like(part)
    (ours,) = torch.autograd.grad((part * weights).sum(), images.spectra)
    (plain,) = torch.autograd.grad((image_f()[1:, :, 5:17, 5:17] * weights).sum(), spectra[0])
    torch.testing.assert_close(ours, plain, rtol=1e-10, atol=1e-12)
