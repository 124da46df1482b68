"""The correlogram against a plain loop: every image magnified, whole networks, np.corrcoef."""

import numpy as np
import pyarrow as pa
import pytest
import torch
from scipy import stats

from conftest import blocks_of, randomized
from scalestream.activations.center import center
from scalestream.errors import InputError
from scalestream.images import demo
from scalestream.images.loading import ImageFiles, ScaleTransformedImages, batches
from scalestream.images.preprocessing import magnify, network_input
from scalestream.measures.agreement import profile, ranks
from scalestream.measures.lags import LEAST_IMAGES, lags, profiles, summed
from scalestream.measures.neurons import CenterNeurons
from scalestream.measures.peaks import peaks
from scalestream.measures.sums import IN, POST, PRE, Sums, groups_of, resamples
from scalestream.measures.tables import LAGS, PROFILES
from scalestream.measures.thresholds import CORRELATED
from scalestream.networks.graph import cut_after
from scalestream.networks.interface import Block
from scalestream.networks.receptive_field import center_row
from scalestream.networks.weights import random_network
from scalestream.run import checkpoint as module
from scalestream.run.checkpoint import Checkpoint

OCTAVES = [0, 0.5, 1, 1.5]
AT = np.array([-1, -0.5, 0, 0.5, 1])
CPU = torch.device("cpu")
SIDE = 64
BLOCK = blocks_of("small")["2.0"]  # in which every channel varies


@pytest.fixture(scope="module")
def photographs(real_images):
    """Photographs, as the network sees them."""
    paths = [str(path) for path in sorted(real_images.glob("*/*.JPEG"))[:30]]
    return paths, ScaleTransformedImages(ImageFiles(paths, 72), [0] * len(paths), [0], SIDE)


def of_photographs(network, photographs, checkpoint=None, stop_after=None, block=BLOCK):
    """The sums, and the numbers of the first images that were asked for."""
    (paths, views), asked = photographs, []

    def from_image(first):
        asked.append(first)
        for count, (batch, _) in enumerate(batches(views, 7, 1, first)):
            if count == stop_after:
                raise KeyboardInterrupt
            yield batch[:, 0]

    neurons = CenterNeurons(network, block, SIDE, OCTAVES)
    return summed(neurons, paths, from_image, checkpoint or Checkpoint()), asked


@pytest.fixture(scope="module")
def plain(small, photographs):
    """(3, N, 4, C): In, Pre and Post of every photograph at every magnification, one whole forward pass each."""
    images = torch.cat([network_input(batch[:, 0], CPU) for batch, _ in batches(photographs[1], 8, 1)])
    about = center_row(cut_after(small, BLOCK.pre), SIDE)
    found = [
        [center(cut_after(small, layer)(magnify(images, 2**octave, about))) for octave in OCTAVES]
        for layer in BLOCK.layers.values()
    ]
    return np.array([[of_octave.double().numpy() for of_octave in of_layer] for of_layer in found]).swapaxes(1, 2)


def correlogram(plain, chosen=slice(None)):
    """(K, C, C) by a loop over lags and factors."""
    plain, found = plain[:, chosen], []
    for lag in range(-2, 3):
        factors = [factor for factor in range(4) if 0 <= factor + lag < 4]
        of_in = np.concatenate([plain[IN, :, factor] for factor in factors])
        of_pre = np.concatenate([plain[PRE, :, factor + lag] for factor in factors])
        channels = of_in.shape[1]
        found.append(np.corrcoef(of_in.T, of_pre.T)[:channels, channels:])
    return np.array(found)


def octave_apart(plain, layer, chosen=slice(None)):
    """(C,): tolerance by a loop over channels."""
    of_layer = plain[layer, chosen]
    one, other = np.concatenate([of_layer[:, 0], of_layer[:, 1]]), np.concatenate([of_layer[:, 2], of_layer[:, 3]])
    return np.array([np.corrcoef(one[:, channel], other[:, channel])[0, 1] for channel in range(one.shape[1])])


def column(rows, name):
    return np.array([np.nan if row[name] is None else row[name] for row in rows], dtype=float)


@pytest.mark.filterwarnings("ignore:invalid value encountered")  # of np.corrcoef, where Post is silent
def test_rows_are_those_of_a_plain_loop(small, photographs, plain):
    sums, _ = of_photographs(small, photographs)
    rows, expected = lags(BLOCK, sums, 200), correlogram(plain)
    assert pa.Table.from_pylist(rows, schema=LAGS).num_rows == BLOCK.channels
    assert {row["n_images"] for row in rows} == {30} and {row["block"] for row in rows} == {"2.0"}
    diagonal = np.diagonal(expected, axis1=1, axis2=2)
    best = expected[3:].max(axis=0)
    for channel, row in enumerate(rows):
        assert row["channel"] == channel and row["octaves"] == AT.tolist()
        np.testing.assert_allclose(row["matched"], diagonal[:, channel], atol=1e-4)
        assert (row["p_row"], row["p_column"]) == (ranks(best)[0][channel], ranks(best)[1][channel])
        assert row["peak_lag"] == pytest.approx(peaks(AT, diagonal[:, channel]), abs=1e-2)
    np.testing.assert_allclose(column(rows, "correlation"), np.diagonal(best), atol=1e-4)
    unmatched = (expected.max(axis=0) > CORRELATED) & ~np.eye(BLOCK.channels, dtype=bool)
    mean = peaks(AT, expected[:, unmatched], axis=0).mean()
    assert column(rows, "unmatched_lag") == pytest.approx(np.full(BLOCK.channels, mean), abs=1e-2)
    np.testing.assert_allclose(column(rows, "excess"), column(rows, "peak_lag") - column(rows, "unmatched_lag"))
    gain = octave_apart(plain, POST) - octave_apart(plain, IN)
    np.testing.assert_allclose(column(rows, "tolerance_gain"), gain, atol=1e-4)
    np.testing.assert_allclose(column(rows, "tolerance_in"), octave_apart(plain, IN), atol=1e-4)
    for row, found in zip(list(profiles(BLOCK, sums)), map(profile, expected), strict=True):
        assert (row["n_channels"], row["matched"]) == (found.n_channels, pytest.approx(found.matched, abs=1e-4))
        assert (row["z"], row["p"]) == (pytest.approx(found.z, abs=1e-2), pytest.approx(found.p, abs=1e-3))


@pytest.mark.filterwarnings("ignore:invalid value encountered")
def test_intervals_are_those_of_resampled_images(small, photographs, plain):
    """Percentiles, over the same resamples, of what a plain loop finds in the images of each."""
    rows, groups = lags(BLOCK, of_photographs(small, photographs)[0], 100), groups_of(30)
    unmatched = (correlogram(plain).max(axis=0) > CORRELATED) & ~np.eye(BLOCK.channels, dtype=bool)
    means, found_peaks, gains = [], [], []
    for times in resamples(100, 15).numpy().astype(int):
        drawn = np.concatenate([np.flatnonzero(groups == group) for group in np.repeat(np.arange(15), times)])
        found = correlogram(plain, drawn)
        means.append(peaks(AT, found[:, unmatched], axis=0).mean())
        found_peaks.append(peaks(AT, np.diagonal(found, axis1=1, axis2=2), axis=0))
        gains.append(octave_apart(plain, POST, drawn) - octave_apart(plain, IN, drawn))
    means = np.array(means)[:, None] - np.mean(means) + rows[0]["unmatched_lag"]
    for name, drawn in {"unmatched": means, "excess": np.array(found_peaks) - means, "tolerance": np.array(gains)}.items():
        drawn = np.broadcast_to(np.sort(drawn, axis=0), (100, BLOCK.channels))  # NaN last
        known = np.isfinite(drawn[-1])
        assert known.sum() > 10  # Post of the others is silent in some resample
        np.testing.assert_allclose(column(rows, f"{name}_lower")[known], drawn[2, known], atol=1e-2)
        np.testing.assert_allclose(column(rows, f"{name}_upper")[known], drawn[97, known], atol=1e-2)


@pytest.mark.parametrize("batches_before", [0, 1, 3])
def test_sums_go_on_without_the_images_that_are_done(small, photographs, tmp_path, monkeypatch, batches_before):
    monkeypatch.setattr(module, "INTERVAL", 0)
    with pytest.raises(KeyboardInterrupt):
        of_photographs(small, photographs, Checkpoint(tmp_path / "out", {}), batches_before)
    found, asked = of_photographs(small, photographs, Checkpoint(tmp_path / "out", {}))
    expected, _ = of_photographs(small, photographs)
    assert asked == [7 * batches_before]
    assert all(torch.equal(found.state[name], value) for name, value in expected.state.items())


def test_too_few_images_are_counted(small, photographs):
    paths, views = photographs
    with pytest.raises(
        InputError, match=rf"^measures\.lags: 19 images are too few .* at least {LEAST_IMAGES}, or set it to \[\]$"
    ):
        of_photographs(small, (paths[:19], views))


def test_an_activation_that_is_not_finite_names_channel_and_image(photographs):
    broken = randomized("small", 12)
    broken.layer2[0].bn2.bias[3] = float("inf")
    paths, _ = photographs
    with pytest.raises(InputError, match=rf"layer2\.0\.bn2, channel 3: the activation is inf for {paths[0]}"):
        of_photographs(broken, photographs)


def test_channels_that_do_not_vary_have_no_lag_and_no_rank(photographs, caplog):
    still = randomized("small", 12)
    still.layer2[0].bn2.weight[3] = 0
    rows = lags(BLOCK, of_photographs(still, photographs)[0], 100)
    pa.Table.from_pylist(rows, schema=LAGS)
    nothing = ("matched", "correlation", "p_row", "p_column", "peak_lag", "excess", "excess_lower", "excess_upper")
    assert [rows[3][name] for name in nothing] == [None] * len(nothing)
    assert rows[3]["tolerance_gain"] is not None and "1 of 24 channels do not vary at In or Pre" in caplog.text
    still.layer2[0].bn2.weight[:] = 0
    sums, _ = of_photographs(still, photographs)
    assert all(row["matched"] is None and row["unmatched_lag"] is None for row in lags(BLOCK, sums, 100))
    assert [row["z"] for row in pa.Table.from_pylist(list(profiles(BLOCK, sums)), schema=PROFILES).to_pylist()] == [None] * 5


def test_a_channel_that_few_images_excite_has_no_interval():
    """In one resample of twenty, none of them is drawn."""
    torch.manual_seed(0)
    activations = torch.rand(3, 100, 4, 6)
    activations[IN, 2:, :, 0] = 0
    sums = Sums(OCTAVES, 6, 50)
    sums.add(activations, torch.from_numpy(groups_of(100)))
    first, *others = lags(Block("a", "b", "c", "d", 6), sums, 1000)
    assert first["excess_lower"] is None is first["excess_upper"] is first["tolerance_lower"]
    assert all(row["tolerance_lower"] <= row["tolerance_gain"] <= row["tolerance_upper"] for row in others)


def test_without_an_octave_there_is_no_tolerance():
    sums = Sums([0, 0.4, 0.8], 4, 10)
    sums.add(torch.rand(3, 20, 3, 4), torch.arange(20) % 10)
    rows = lags(Block("a", "b", "c", "d", 4), sums, 100)
    assert rows[0]["octaves"] == [-0.4, 0, 0.4]
    assert {row[name] for row in rows for name in ("tolerance_in", "tolerance_gain", "tolerance_upper")} == {None}


@pytest.fixture(scope="module")
def of_random_networks():
    """Correlations (K, C, C) of every block of three networks with random weights, over drawn images."""
    drawn = [demo.draw(label, demo.generator(0, 0, label, number), SIDE) for label in range(12) for number in range(8)]
    images = torch.from_numpy(np.stack(drawn)).permute(0, 3, 1, 2)
    found = []
    for seed in range(3):
        network = random_network("small", seed, [network_input(images, CPU)])
        for block in blocks_of("small").values():
            neurons = CenterNeurons(network, block, SIDE, OCTAVES)
            found.append(summed(neurons, ["image"] * 96, lambda first: images.split(32), Checkpoint()).pairs().numpy())
    return found


def test_random_weights_pair_channels_at_random(of_random_networks):
    """The share of |z| above 2 lies in its binomial band, at every lag and of all lags, which are not independent."""
    z = np.array([[profile(of_lag, 2000).z for of_lag in correlations] for correlations in of_random_networks])
    assert z.shape == (21, 5)
    share = 2 * stats.norm.sf(2)
    beyond = (np.abs(z) > 2).sum(axis=0)
    print(beyond, z.round(1))
    assert max(beyond) <= stats.binom.ppf(0.995, 21, share)
    assert beyond.sum() <= 5 * stats.binom.ppf(0.975, 21, share)


def test_ranks_of_any_pairs_are_uniform_with_random_weights(of_random_networks):
    """Those of matched pairs, and of unmatched ones in their place."""
    rng = np.random.default_rng(0)
    for shift in (0, 1, 5):
        found = []
        for correlations in of_random_networks:
            best = np.roll(correlations[3:].max(axis=0), shift, axis=1)
            for p in ranks(best):
                known = p[np.isfinite(p)]
                found.append(known - rng.random(len(known)) / len(known))  # p is a multiple of 1 / C
        found = np.concatenate(found)
        assert len(found) > 1000 and stats.kstest(found, "uniform").pvalue > 0.01, shift
