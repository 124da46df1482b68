"""Ablation of directions against a plain forward pass with a hook that projects the map."""

import pytest
import torch
from ablations import ablated

from conftest import blocks_of, randomized
from scalestream.ablation.direction_ablation import DirectionAblatedNetwork


def plain(network, block: str, directions: torch.Tensor, means: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
    """Logits of a plain pass whose Post loses its directions one by one, made orthogonal by hand (Gram-Schmidt)."""
    basis = []
    for direction in directions:
        for earlier in basis:
            direction = direction - (direction @ earlier) * earlier
        if direction.norm() > 1e-8:
            basis.append(direction / direction.norm())

    def project(_module, _inputs, output):
        pixels = output.permute(0, 2, 3, 1).clone()
        for each in basis:
            pixels += ((means - pixels) @ each)[..., None] * each
        return pixels.permute(0, 3, 1, 2)

    handle = network.get_submodule(f"layer{block}").register_forward_hook(project)
    with torch.no_grad():
        logits = network(images)
    handle.remove()
    return logits


@pytest.fixture
def images():
    return torch.randn(3, 3, 64, 64, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.mark.parametrize("block", ["2.0", "3.1", "4.1"])
def test_logits_are_those_of_a_plain_pass_that_projects(block, images):
    """None, one direction, several, and some that are not independent."""
    network, channels = randomized("small", 12).double(), blocks_of("small")[block].channels
    directions = torch.randn(6, channels, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    directions[5] = 2 * directions[0] - directions[3]
    means, conditions = torch.linspace(0.1, 2, channels, dtype=torch.float64), [[], [4], [0, 1, 2], [5, 0, 3]]
    found = DirectionAblatedNetwork(network, blocks_of("small")[block], means, directions).logits(images, conditions)
    for numbers, logits in zip(conditions, found, strict=True):
        torch.testing.assert_close(logits, plain(network, block, directions[numbers], means, images), rtol=1e-9, atol=1e-9)


def test_of_directions_that_are_channels_it_is_the_ablation_of_these(images):
    network, means = randomized("small", 12).double(), torch.linspace(0.1, 2, 24, dtype=torch.float64)
    conditions = [[], [3], [1, 2, 20]]
    along = DirectionAblatedNetwork(network, blocks_of("small")["2.1"], means, 3 * torch.eye(24))
    for ours, theirs in zip(along.logits(images, conditions), ablated(network, "2.1", means).logits(images, conditions)):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-9)
    assert along.amounts == pytest.approx(means.tolist())
