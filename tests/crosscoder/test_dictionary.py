"""The crosscoder alone: which codes it keeps, what it is made of, and what its file holds."""

import numpy as np
import pytest
import torch

from scalestream.crosscoder.dictionary import ENCODERS, Crosscoder, batch_top_k
from scalestream.crosscoder.training import losses

MEAN, RMS = torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(1)), torch.rand(2, 3) + 0.5


def crosscoder(width=16, k=2, **more) -> Crosscoder:
    return Crosscoder(MEAN, RMS, width, k, **more)


def samples(count=8) -> torch.Tensor:
    return torch.randn(count, 2, 3, 5, generator=torch.Generator().manual_seed(2))


def test_batch_top_k_keeps_exactly_so_many_of_the_whole_batch():
    candidates = torch.rand(10, 20)
    codes, least = batch_top_k(candidates, 3)
    kept = codes > 0
    assert kept.sum() == 30 and torch.equal(codes[kept], candidates[kept])
    assert least == codes[kept].min() >= candidates[~kept].max()
    assert kept.sum(dim=1).unique().numel() > 1  # not so many of each sample
    ties = batch_top_k(torch.ones(4, 6), 2)[0]
    assert (ties > 0).sum() == 8


def test_dictionary_vectors_have_unit_norm_over_all_parts_from_the_seed_alone():
    torch.manual_seed(9)
    first, again = crosscoder(seed=3), crosscoder(seed=3)
    norms = first.decoder.square().sum(dim=(1, 2, 3))
    torch.testing.assert_close(norms, torch.ones(16))
    assert torch.equal(first.decoder, again.decoder) and not torch.equal(first.decoder, crosscoder(seed=4).decoder)
    assert first.parts.shape == (16, 2, 3, 5)
    np.testing.assert_allclose(first.parts[4, 1, 2], first.decoder.detach()[4, 1, 2] * RMS[1, 2])


def test_scaling_is_undone():
    model, raw = crosscoder(), samples()
    torch.testing.assert_close(model.unscaled(model.scaled(raw)), raw)
    torch.testing.assert_close(model.scaled(raw)[3, 1, 2], (raw[3, 1, 2] - MEAN[1, 2]) / RMS[1, 2])


def test_codes_and_what_they_stand_for_are_those_of_a_plain_loop():
    model, batch = crosscoder(), samples()
    with torch.no_grad():
        model.threshold.fill_(0.4)
        codes, made = model.encode(batch), model.decode(model.encode(batch))
        weight, decoder = model.encoder.weight.numpy(), model.decoder.numpy()
    for sample in range(8):
        candidates = np.maximum(weight @ batch[sample].numpy().ravel(), 0)
        expected = np.where(candidates > 0.4, candidates, 0)
        np.testing.assert_allclose(codes[sample], expected, atol=1e-5)
        by_hand = sum(code * vector for code, vector in zip(expected, decoder))
        np.testing.assert_allclose(made[sample], by_hand, atol=1e-5)


def test_an_encoder_of_what_is_not_magnified_reads_nothing_else():
    model, batch = crosscoder(encoder="unmagnified"), samples()
    other = batch.clone()
    other[:, :, 1:] = 7
    assert torch.equal(model.candidates(batch), model.candidates(other))
    assert model.decode(model.candidates(batch)).shape == batch.shape
    assert not torch.equal(crosscoder().candidates(batch), crosscoder().candidates(other))


def test_the_gradient_goes_through_chosen_codes_alone():
    model, batch = crosscoder(k=1), samples(3)
    chosen = (model.chosen(model.candidates(batch)) > 0).any(dim=0)
    error, auxiliary = losses(model, batch, torch.zeros(16))
    error.backward()
    assert chosen.any() and not chosen.all() and auxiliary == 0
    for gradient in (model.encoder.weight.grad, model.encoder.bias.grad, model.decoder.grad):
        assert torch.equal(gradient.flatten(1).any(dim=1) if gradient.ndim > 1 else gradient != 0, chosen)


def test_dead_latents_alone_are_taught_what_is_left_over():
    model, batch, silent = crosscoder(k=1), samples(3), torch.full((16,), 64.0)
    error, auxiliary = losses(model, batch, silent)
    dead = silent > 64
    assert dead.any() and not dead.all() and auxiliary > 0
    assert torch.equal(silent == 0, ~dead) and torch.equal(silent[dead], torch.full((int(dead.sum()),), 65.0))
    auxiliary.backward()
    fires = (model.candidates(batch) > 0).any(dim=0)
    assert torch.equal(model.decoder.grad.flatten(1).any(dim=1), dead & fires)
    left = batch - model.decode(batch_top_k(model.candidates(batch), 1)[0])
    by_hand = left - torch.tensordot(model.candidates(batch) * dead, model.decoder, dims=1)  # of so few, all are taken
    torch.testing.assert_close(auxiliary, by_hand.square().sum(dim=(1, 2, 3)).mean())


def test_the_threshold_is_the_running_mean_of_the_least_that_a_batch_keeps():
    model, least = crosscoder(), []
    for count in range(2, 7):
        candidates = torch.rand(count, 16)
        model.chosen(candidates)
        least.append(candidates.flatten().sort(descending=True).values[2 * count - 1])
    torch.testing.assert_close(model.threshold, torch.stack(least).mean())


@pytest.mark.parametrize("encoder", ENCODERS)
def test_a_file_holds_all_of_it(tmp_path, encoder):
    model, batch = crosscoder(encoder=encoder), samples()
    model.chosen(model.candidates(batch))
    model.save(tmp_path / "crosscoder.safetensors")
    loaded = Crosscoder.load(tmp_path / "crosscoder.safetensors")
    assert loaded.k == 2 and not any(each.requires_grad for each in loaded.parameters())
    assert all(torch.equal(value, loaded.state_dict()[name]) for name, value in model.state_dict().items())
    assert torch.equal(loaded.encode(batch), model.encode(batch)) and loaded.encode(batch).any()
