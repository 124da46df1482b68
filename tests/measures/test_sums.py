"""Sums of activations against samples: np.corrcoef over all images, and over the images of a resample."""

import numpy as np
import pytest
import torch

from scalestream.measures.sums import IN, POST, PRE, Sums, groups_of, resamples

OCTAVES = [0, 0.5, 1, 1.5]
CHANNELS, IMAGES = 5, 83


@pytest.fixture(scope="module")
def activations():
    """(3, N, F, C), far from zero and with much in common, so that sums of squares cancel."""
    rng = np.random.default_rng(1)
    common = rng.normal(size=(IMAGES, 1, CHANNELS))
    return torch.from_numpy((rng.normal(size=(3, IMAGES, 4, CHANNELS)) + common + 300).astype(np.float32))


def summed(activations, octaves=OCTAVES, batch=10, groups=None):
    groups = groups_of(activations.shape[1]) if groups is None else groups
    sums = Sums(octaves, activations.shape[-1], int(groups.max()) + 1)
    for images in torch.arange(activations.shape[1]).split(batch):
        sums.add(activations[:, images], torch.from_numpy(groups)[images])
    return sums


def compared(activations, lag, one=IN, other=PRE):
    """Two layers' activations (C, N * pairs of factors), the other's a lag further on, by a loop over factors."""
    factors = activations.shape[2]
    pairs = [(first, first + lag) for first in range(factors) if 0 <= first + lag < factors]
    return tuple(
        np.concatenate([activations[layer, :, pair[side]].numpy().astype(float) for pair in pairs]).T
        for side, layer in enumerate((one, other))
    )


def test_pairs_are_correlations_of_the_samples(activations):
    sums = summed(activations)
    assert list(sums.lags) == [-2, -1, 0, 1, 2]
    for lag, found in zip(sums.lags, sums.pairs().numpy()):
        expected = np.corrcoef(*compared(activations, lag))[:CHANNELS, CHANNELS:]
        np.testing.assert_allclose(found, expected, atol=1e-9)
    matched = sums.matched(sums.once)[0].numpy()
    np.testing.assert_allclose(matched, np.diagonal(sums.pairs().numpy(), axis1=1, axis2=2), atol=1e-12)


@pytest.mark.parametrize(("octaves", "step"), [(OCTAVES, 2), ([0, 0.25, 0.5, 0.75, 1], 4), ([0, 1, 2], 1)])
def test_tolerance_is_the_correlation_an_octave_apart(activations, octaves, step):
    more = torch.cat([activations, activations[:, :, :1]], dim=2)[:, :, : len(octaves)]
    sums = summed(more, octaves)
    assert sums.octave == step
    for layer in (IN, POST):
        expected = np.corrcoef(*compared(more, step, layer, layer))[:CHANNELS, CHANNELS:].diagonal()
        np.testing.assert_allclose(sums.tolerance(sums.once, layer)[0], expected, atol=1e-9)


def test_a_resample_is_that_of_the_images_of_its_groups(activations):
    groups = groups_of(IMAGES)
    sums, weights = summed(activations), resamples(3, 41)
    assert weights.shape == (3, 41) and (weights.sum(dim=1) == 41).all()
    chosen = torch.ones(CHANNELS, CHANNELS, dtype=torch.bool)
    matched, pairs = sums.matched(weights).numpy(), torch.cat(list(sums.resampled_pairs(weights, chosen)), dim=2).numpy()
    tolerance = sums.tolerance(weights, POST).numpy()
    for draw, times in enumerate(weights.numpy().astype(int)):
        drawn = activations[:, np.concatenate([np.flatnonzero(groups == group) for group in np.repeat(np.arange(41), times)])]
        for position, lag in enumerate(sums.lags):
            expected = np.corrcoef(*compared(drawn, lag))[:CHANNELS, CHANNELS:]
            np.testing.assert_allclose(pairs[draw, position], expected.flatten(), atol=1e-9)
            np.testing.assert_allclose(matched[draw, position], expected.diagonal(), atol=1e-9)
        expected = np.corrcoef(*compared(drawn, 2, POST, POST))[:CHANNELS, CHANNELS:].diagonal()
        np.testing.assert_allclose(tolerance[draw], expected, atol=1e-9)


def test_of_many_channels_some_are_resampled(activations):
    many = activations.repeat(1, 1, 1, 120)[..., :600] + torch.randn(3, IMAGES, 4, 600)
    sums = summed(many, groups=np.arange(IMAGES) % 2)
    assert sums.paired.tolist() == list(range(0, 600, 3))
    chosen = torch.rand(200, 200) < 0.1
    found = torch.cat(list(sums.resampled_pairs(sums.once.expand(2**9, -1), chosen)), dim=2)
    expected = sums.pairs()[:, sums.paired][:, :, sums.paired][:, chosen]
    torch.testing.assert_close(found, expected.expand(2**9, -1, -1), rtol=0, atol=1e-9)
    assert sums.matched(sums.once).shape == (1, 5, 600)


def test_batches_and_groups_do_not_change_the_sums(activations):
    one, other = summed(activations), summed(activations, batch=IMAGES, groups=np.zeros(IMAGES, int))
    torch.testing.assert_close(one.pairs(), other.pairs(), rtol=0, atol=1e-12)


def test_what_does_not_vary_has_no_correlation(activations):
    still = activations.clone()
    still[IN, ..., 1] = 0
    still[PRE, ..., 2] = 0.1
    still[PRE, ..., 3] = 0.7 + 1e-7 * torch.rand(IMAGES, 4)
    pairs = summed(still).pairs().numpy()
    undefined = np.zeros((CHANNELS, CHANNELS), bool)
    undefined[1] = undefined[:, 2:4] = True
    np.testing.assert_array_equal(np.isnan(pairs), np.broadcast_to(undefined, pairs.shape))


def test_a_channel_that_one_image_excites_has_no_correlation_in_resamples_without_it(activations):
    still, groups = activations.clone(), groups_of(IMAGES)
    still[IN, 1:, :, 0] = 0
    weights = resamples(20, 41)
    missing = np.isnan(summed(still).matched(weights)[:, 0, 0].numpy())
    np.testing.assert_array_equal(missing, (weights[:, groups[0]] == 0).numpy())
    assert missing.any() and not missing.all()


def test_groups_are_even_and_an_images_own():
    groups = groups_of(1000)
    assert (np.bincount(groups) == 20).all()
    np.testing.assert_array_equal(groups_of(777), groups[:777])
    assert not np.array_equal(groups[:50], groups[50:100])
    assert np.bincount(groups_of(48)).tolist() == [2] * 24
