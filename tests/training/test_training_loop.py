"""The training loop against a plain one in torch, and what it is after a kill."""

import copy

import pytest
import torch
from accelerate.state import AcceleratorState
from torch import nn

from scalestream.errors import InputError
from scalestream.images.preprocessing import IMAGENET
from scalestream.run import checkpoint as module
from scalestream.run.checkpoint import Checkpoint
from scalestream.training.loop import accuracy, train
from scalestream.training.recipe import Recipe, initial_network

STEPS, BATCH = 3, 8
RECIPE = Recipe(0, 2, BATCH, 0.1, 0.9, 1e-3, "one_cycle", "fp32")


def drawn(*place: int) -> tuple[torch.Tensor, torch.Tensor]:
    """A batch of random pixels and classes."""
    rng = torch.Generator().manual_seed(hash(place))
    return torch.randint(256, (BATCH, 3, 32, 32), generator=rng, dtype=torch.uint8), torch.randint(5, (BATCH,), generator=rng)


def batches(epoch: int, begin: int):
    return (drawn(epoch, step) for step in range(begin, STEPS))


def validation():
    return [drawn(99, step) for step in range(2)]


@pytest.fixture(autouse=True)
def another_process():
    """Accelerate allows a process one precision."""
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


def trained(network: nn.Module, recipe: Recipe = RECIPE, of=batches, then=validation, kept=None) -> list[dict]:
    """Rows but for their speed."""
    rows = train(network, STEPS, of, then, recipe, IMAGENET, kept or Checkpoint())
    assert all(row.pop("images_per_second") > 0 for row in rows)
    return rows


def equal(one: nn.Module, other: nn.Module) -> bool:
    states = one.state_dict(), other.state_dict()
    return all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def normalized(images: torch.Tensor) -> torch.Tensor:
    mean, std = (torch.tensor(values)[:, None, None] for values in (IMAGENET.mean, IMAGENET.std))
    return (images.float() / 255 - mean) / std


def test_it_is_a_plain_loop_bit_for_bit():
    ours, plain = (initial_network("small", 0, 5) for _ in range(2))
    found = trained(ours)
    plain.train().to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(plain.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=2 * STEPS, cycle_momentum=False)
    for epoch in range(2):
        plain.train()
        rate, losses, correct = optimizer.param_groups[0]["lr"], [], 0
        for step in range(STEPS):
            images, labels = drawn(epoch, step)
            logits = plain(normalized(images))
            loss = nn.functional.cross_entropy(logits, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
            correct += (logits.argmax(1) == labels).sum().item()
        with torch.no_grad():
            right = sum((plain.eval()(normalized(x)).argmax(1) == y).sum().item() for x, y in validation())
        row = found[epoch]
        assert row["epoch"] == epoch + 1 and row["learning_rate"] == rate
        assert row["loss"] == pytest.approx(sum(losses) / STEPS, rel=1e-12)
        assert row["accuracy"] == pytest.approx(correct / (STEPS * BATCH)) and row["validation_accuracy"] == right / 16
    assert len(found) == 2 and equal(ours, plain)


class Killed(BaseException):
    """Stands for the end of the process."""


def with_dropout() -> nn.Module:
    """A network that draws random numbers itself."""
    torch.manual_seed(1)
    layers = [nn.Conv2d(3, 8, 3, stride=4), nn.BatchNorm2d(8), nn.ReLU(), nn.Dropout(0.5), nn.Flatten(), nn.Linear(512, 5)]
    return nn.Sequential(*layers)


@pytest.mark.parametrize("schedule", ["step", "cosine", "one_cycle"])
@pytest.mark.parametrize("kills", [[1, 2], [3], [4, 5], ["validation"]])
def test_a_killed_training_goes_on_to_the_same_weights(tmp_path, monkeypatch, kills, schedule):
    """Whether in an epoch, at its end, or while its network is validated."""
    monkeypatch.setattr(module, "INTERVAL", 0)
    recipe = Recipe(0, 2, BATCH, 0.1, 0.9, 1e-3, schedule, "fp32", 1, 0.1)
    whole = with_dropout()
    expected, done = trained(whole, recipe), 0

    def until(kill):
        def killing(epoch, begin):
            nonlocal done
            for batch in batches(epoch, begin):
                if kill == done:
                    raise Killed
                done += 1
                yield batch

        return killing

    def killed_validation():
        raise Killed

    for kill in kills:
        with pytest.raises(Killed):
            then = killed_validation if kill == "validation" else validation
            trained(with_dropout(), recipe, until(kill), then, Checkpoint(tmp_path / "out", {}))
        torch.rand(7)  # of another process, with other random numbers
    last = with_dropout()
    found = trained(last, recipe, until(None), kept=Checkpoint(tmp_path / "out", {}))
    assert done == 2 * STEPS and found == expected and equal(last, whole)


def test_the_seed_says_what_the_network_draws():
    networks = [with_dropout() for _ in range(3)]
    for network, seed in zip(networks, (0, 0, 1)):
        torch.rand(3)
        trained(network, Recipe(seed, 1, BATCH, 0.1, 0.9, 0, "cosine", "fp32"))
    assert equal(networks[0], networks[1]) and not equal(networks[0], networks[2])


def test_accuracy_is_of_the_network_in_eval_mode():
    network = with_dropout()
    right = sum((copy.deepcopy(network).eval()(normalized(x)).argmax(1) == y).sum().item() for x, y in validation())
    assert accuracy(network.train(), validation(), IMAGENET) == right / 16


def test_bf16_has_maps_of_16_bits_and_weights_of_32():
    networks = [initial_network("small", 0, 5) for _ in range(2)]
    rows = trained(networks[0], Recipe(0, 1, BATCH, 0.001, 0.9, 1e-3, "cosine", "bf16"))
    AcceleratorState._reset_state(reset_partial_state=True)
    exact = trained(networks[1], Recipe(0, 1, BATCH, 0.001, 0.9, 1e-3, "cosine", "fp32"))
    assert {parameter.dtype for parameter in networks[0].parameters()} == {torch.float32}
    assert not equal(*networks) and rows[0]["loss"] == pytest.approx(exact[0]["loss"], rel=0.02)


@pytest.mark.skipif(torch.cuda.is_available(), reason="of a machine without a GPU")
def test_fp16_needs_a_gpu():
    with pytest.raises(InputError, match="fp16 needs a GPU; use bf16 or fp32"):
        trained(with_dropout(), Recipe(0, 1, BATCH, 0.1, 0.9, 0, "cosine", "fp16"))


def test_a_loss_that_is_not_finite_is_named():
    with pytest.raises(InputError, match=r"the loss is not finite in epoch 1; make training\.learning_rate smaller"):
        trained(with_dropout(), Recipe(0, 1, BATCH, 1e30, 0.9, 0, "step", "fp32", 1, 1.0))
