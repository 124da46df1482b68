"""The training of a crosscoder: what it finds where that is known, that it goes on to the same bits, and another library."""

import itertools
from dataclasses import replace

import matplotlib
import numpy as np
import pytest
import torch

from scalestream.crosscoder.analysis import explained_by_components
from scalestream.crosscoder.latents import matches
from scalestream.crosscoder.samples import Samples
from scalestream.crosscoder.training import Plan, evaluate, train
from scalestream.errors import InputError
from scalestream.run import checkpoint as module
from scalestream.run.checkpoint import Checkpoint

PLAN = Plan(width=32, k=3, seed=0, steps=60, batch_size=64, learning_rate=3e-3)
FEATURES, CODES = 24, 3


@pytest.fixture(scope="module")
def known():
    """Samples of a known dictionary (24, 2, 4, 16), three codes each, and a little noise; and the dictionary."""
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((FEATURES, 2, 4, 16))
    vectors /= np.linalg.norm(vectors.reshape(FEATURES, -1), axis=1)[:, None, None, None]
    codes = np.zeros((4000, FEATURES))
    for code in codes:
        code[rng.choice(FEATURES, CODES, replace=False)] = rng.uniform(1, 2, CODES)
    values = np.tensordot(codes, vectors, 1) + 0.01 * rng.standard_normal((4000, 2, 4, 16))
    return values.astype(np.float32), vectors


def test_a_known_dictionary_is_found(known):
    values, vectors = known
    samples = Samples.of(values, 1)
    crosscoder, rows = train(samples, replace(PLAN, steps=600, batch_size=256), Checkpoint())
    units = crosscoder.parts.numpy().reshape(PLAN.width, -1)
    units /= np.linalg.norm(units, axis=1)[:, None]
    assert np.sum(matches(units, vectors.reshape(FEATURES, -1)) > 0.95) >= FEATURES - 1
    torch.testing.assert_close(crosscoder.decoder.flatten(1).norm(dim=1), torch.ones(PLAN.width))
    assert rows[-1]["step"] == 600 and rows[-1]["explained"] > 0.97 and rows[-1]["l0"] == pytest.approx(CODES, abs=0.3)
    assert explained_by_components(crosscoder, samples) < 0.5


def test_rows_are_those_of_plain_numbers(known):
    samples = Samples.of(known[0][:500], 1)
    crosscoder, _ = train(samples, PLAN, Checkpoint())
    raw = torch.from_numpy(known[0][samples.held_out])
    codes = crosscoder.encode(crosscoder.scaled(raw))
    true, made = raw.double().numpy(), crosscoder.unscaled(crosscoder.decode(codes)).double().numpy()
    found, fires = evaluate(crosscoder, samples), (codes > 0).numpy()
    assert found["l0"] == pytest.approx(fires.sum(axis=1).mean())
    assert found["dead"] == np.mean(~fires.any(axis=0)) and found["dense"] == np.mean(fires.mean(axis=0) > 0.1)

    def explained(true, made):
        return 1 - ((true - made) ** 2).sum() / ((true - true.mean(axis=0)) ** 2).sum()

    for site, factor in itertools.product(range(2), range(4)):
        by_hand = explained(true[:, site, factor], made[:, site, factor])
        assert found[("explained_in", "explained_pre")[site]][factor] == pytest.approx(by_hand, abs=1e-5)
    of_post = [np.maximum(values.sum(axis=1), 0)[:, 2] for values in (true, made)]
    assert found["explained_post"][2] == pytest.approx(explained(*of_post), abs=1e-5)
    scaled = [crosscoder.scaled(torch.from_numpy(values).float()).numpy() for values in (true, made)]
    assert found["explained"] == pytest.approx(explained(*scaled), abs=1e-5)


@pytest.mark.parametrize("encoder", ["all", "unmagnified"])
def test_a_killed_training_goes_on_to_the_same_bits(known, tmp_path, monkeypatch, encoder):
    samples, plan = Samples.of(known[0][:500], 1), replace(PLAN, steps=150, encoder=encoder)  # long enough for dead latents
    whole, rows = train(samples, plan, Checkpoint())
    monkeypatch.setattr(module, "INTERVAL", 0)

    def killed(steps, **_):
        yield from itertools.islice(steps, 100)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(samples, plan, Checkpoint(tmp_path / "output"), killed)
    begun = []

    def watched(steps, before, note):
        begun.append((before, note()))
        return steps

    resumed, again = train(samples, plan, Checkpoint(tmp_path / "output"), watched)
    assert begun == [(100, f"explained variance {again[13]['explained']:.3f}")]
    assert again == rows and len(rows) == 22
    assert all(torch.equal(value, resumed.state_dict()[name]) for name, value in whole.state_dict().items())
    other, _ = train(samples, replace(plan, seed=1), Checkpoint())
    assert not torch.equal(other.decoder, whole.decoder)


def test_samples_are_split_by_image_and_shuffled_within_a_side(known):
    values = np.arange(30 * 4 * 2, dtype=np.float32).reshape(120, 2, 1, 1)
    plain, shuffled = Samples.of(values, 4), Samples.of(values, 4, shuffled=True)
    held_out = {number // 4 for number in plain.held_out.tolist()}
    assert len(held_out) == 3 and len(plain.held_out) == 12
    assert sorted([*plain.training, *plain.held_out]) == list(range(120))
    numbers = np.array([3, 50, 119])
    np.testing.assert_array_equal(plain.take(numbers), values[numbers])
    taken = shuffled.take(np.arange(120))
    np.testing.assert_array_equal(taken[:, 0], values[:, 0])
    partners = (taken[:, 1, 0, 0].numpy().astype(int) - 1) // 2
    assert sorted(partners) == list(range(120)) and not np.any(partners // 4 == np.arange(120) // 4)
    assert all((partner // 4 in held_out) == (number // 4 in held_out) for number, partner in enumerate(partners))


def test_two_images_are_held_out_at_least(known):
    few = Samples.of(np.arange(8, dtype=np.float32).reshape(4, 2, 1, 1), 1, shuffled=True)
    assert len(few.held_out) == 2 and not np.any(few.partner == np.arange(4))
    with pytest.raises(InputError, match=r"^a crosscoder needs four images or more, two of them held out; there are 3$"):
        Samples.of(known[0][:6], 2)


def test_statistics_are_those_of_the_training_samples(known):
    samples = Samples.of(known[0], 1)
    mean, rms = samples.statistics()
    of_training = known[0][samples.training].astype(float)
    np.testing.assert_allclose(mean, of_training.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(rms, ((of_training - of_training.mean(axis=0)) ** 2).mean(axis=(0, 3)) ** 0.5, rtol=1e-5)


def test_too_few_samples_and_such_that_do_not_vary_are_one_line(known):
    with pytest.raises(InputError, match=r"^crosscoder.batch_size: 45 samples to train on do not fill a batch of 64; make"):
        train(Samples.of(known[0][:50], 1), PLAN, Checkpoint())
    with pytest.raises(InputError, match=r"^crosscoder.blocks: In and Pre of this block never vary; leave it out"):
        train(Samples.of(np.full((100, 2, 4, 16), 0.1, np.float32), 1), PLAN, Checkpoint())
    with pytest.raises(InputError, match=r"^the loss is not finite at step \d+; make crosscoder.learning_rate smaller"):
        train(Samples.of(known[0][:500], 1), replace(PLAN, learning_rate=1e25), Checkpoint())


def test_explained_variance_is_that_of_overcomplete(known, monkeypatch):
    """Its sparse autoencoder of flattened samples, as many of them: within one point."""
    monkeypatch.setattr(matplotlib.cm, "get_cmap", matplotlib.colormaps.__getitem__, raising=False)  # it asks for an old one
    from overcomplete.sae import BatchTopKSAE

    plan = replace(PLAN, steps=400, batch_size=256)
    samples = Samples.of(known[0], 1)
    crosscoder, rows = train(samples, plan, Checkpoint())
    scaled = lambda numbers: crosscoder.scaled(samples.take(numbers)).flatten(1)
    torch.manual_seed(0)
    other = BatchTopKSAE(128, plan.width, plan.k * plan.batch_size).train()
    optimizer = torch.optim.Adam(other.parameters(), plan.learning_rate)
    rng = np.random.default_rng(0)
    for _ in range(plan.steps):
        batch = scaled(samples.training[rng.integers(0, len(samples.training), plan.batch_size)])
        error = (batch - other(batch)[2]).square().sum(dim=1).mean()
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
    held_out = scaled(samples.held_out)
    with torch.no_grad():
        left = held_out - other.eval()(held_out)[2]
    theirs = 1 - left.square().sum() / (held_out - held_out.mean(dim=0)).square().sum()
    print(f"explained variance {rows[-1]['explained']:.4f}, of overcomplete {theirs:.4f}")
    assert rows[-1]["explained"] == pytest.approx(float(theirs), abs=0.01)
