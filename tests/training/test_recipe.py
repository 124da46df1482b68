"""How weights are trained: against SGD and schedules by hand, and torchvision's own initial weights."""

import math

import pytest
import torch
from torch import nn
from torchvision.models import resnet18

from scalestream.training.recipe import Recipe, initial_network

STEPS, EPOCHS = 5, 6
SETTINGS = {
    "training.seed": 0,
    "training.epochs": EPOCHS,
    "training.batch_size": 4,
    "training.learning_rate": 0.5,
    "training.momentum": 0.9,
    "training.weight_decay": 0.01,
    "training.schedule": "step",
    "training.step_epochs": 2,
    "training.step_factor": 0.1,
    "training.precision": "fp32",
}


def recipe(**changes) -> Recipe:
    return Recipe.from_settings(SETTINGS | {f"training.{name}": value for name, value in changes.items()})


def test_sgd_with_weight_decay_of_everything():
    """v = momentum v + (gradient + decay w); w = w - rate v, of weights, biases and norms alike."""
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).double()
    expected = [parameter.detach().clone() for parameter in network.parameters()]
    speeds = [torch.zeros_like(parameter) for parameter in expected]
    optimizer, images = recipe().optimizer(network), torch.randn(2, 3, 8, 8, dtype=torch.float64)
    for _ in range(3):
        optimizer.zero_grad()
        network(images).square().sum().backward()
        for parameter, value, speed in zip(network.parameters(), expected, speeds, strict=True):
            speed.mul_(0.9).add_(parameter.grad + 0.01 * value)
            value.sub_(0.5 * speed)
        optimizer.step()
    for parameter, value in zip(network.parameters(), expected, strict=True):
        torch.testing.assert_close(parameter.detach(), value, rtol=1e-12, atol=1e-12)


def rates(**changes) -> list[float]:
    """The learning rate of every step."""
    chosen = recipe(**changes)
    optimizer = chosen.optimizer(nn.Linear(1, 1))
    scheduler, found = chosen.scheduler(optimizer, STEPS), []
    for _ in range(EPOCHS * STEPS):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
        assert optimizer.param_groups[0]["momentum"] == 0.9
    return found


def test_the_learning_rate_goes_down_in_steps():
    expected = [0.5 * 0.1 ** (epoch // 2) for epoch in range(EPOCHS) for _ in range(STEPS)]
    assert rates() == pytest.approx(expected)
    assert rates(step_epochs=EPOCHS, step_factor=0.5) == [0.5] * len(expected)


def test_the_learning_rate_goes_down_by_a_cosine():
    total = EPOCHS * STEPS
    assert rates(schedule="cosine") == pytest.approx([0.25 * (1 + math.cos(math.pi * step / total)) for step in range(total)])


def test_the_learning_rate_makes_one_cycle():
    found = rates(schedule="one_cycle")
    top = found.index(max(found))
    assert found[0] == pytest.approx(0.5 / 25) and found[top] == pytest.approx(0.5) and found[-1] == pytest.approx(0.5 / 25e4)
    assert top == 0.3 * len(found) - 1
    assert found[: top + 1] == sorted(found[: top + 1]) and found[top:] == sorted(found[top:], reverse=True)


def test_the_seed_says_where_weights_begin():
    state = torch.get_rng_state()
    first, again, other = (initial_network("small", seed, 12).state_dict() for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(first[name], again[name]) for name in first)
    drawn = [name for name in first if name.endswith("conv1.weight") or name.startswith("fc.")]
    assert len(drawn) == 11 and not any(torch.equal(first[name], other[name]) for name in drawn)


def test_layers_of_one_name_and_shape_begin_equal_in_other_networks():
    shallow, deep = (initial_network(name, 3, 5).state_dict() for name in ("resnet18", "resnet34"))
    alike = [name for name in shallow if name in deep and shallow[name].shape == deep[name].shape]
    assert alike == list(shallow) and all(torch.equal(shallow[name], deep[name]) for name in alike)


def test_weights_begin_as_torchvisions():
    """The same spread in every layer, and no block that begins as nothing."""
    ours, theirs = initial_network("resnet18", 1, 1000).state_dict(), resnet18().state_dict()
    for name, tensor in theirs.items():
        if tensor.ndim == 4 or name.startswith("fc."):
            assert ours[name].std() == pytest.approx(tensor.std(), rel=0.1), name
            assert abs(ours[name].mean()) < 0.1 * tensor.std(), name
        else:
            assert torch.equal(ours[name], tensor), name
    assert ours["fc.weight"].abs().max() <= 512**-0.5


def test_a_users_network_keeps_its_classes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text("from torch import nn\n\n\ndef network():\n    return nn.Linear(8, 7)\n")
    assert initial_network("mine.py:network", 0, 3).out_features == 7
