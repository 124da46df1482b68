"""Channels whose match is known, as it is planted; and networks with random weights, in which there is none."""

import numpy as np
import pytest
import torch

from scalestream.channel_pairs.judging import EarlierChannels, MatchedChannels, judge
from scalestream.channel_pairs.measurement import answers
from scalestream.networks.common_units import common_units
from scalestream.networks.families.planted import planted_network
from scalestream.networks.planting import planted_kinds
from scalestream.networks.tracing import trace
from scalestream.networks.weights import random_network
from scalestream.visualization.transforms import TransformSettings
from scalestream.visualization.visualize import Optimization, Visualization, visualize

SETTINGS = Optimization(112, 24, 0.05, 0.01, 0, TransformSettings(0, (1, 0.975, 1.025, 0.95, 1.05), tuple(range(-5, 6))))


def judged(network: torch.nn.Module, earlier: str, later: str, channels: int) -> tuple[list[dict], dict]:
    """As the rules do it."""

    def visualized(layer: str, chosen: list[int]) -> list[Visualization]:
        return visualize(network, layer, chosen, "neuron", SETTINGS)

    x = visualized(earlier, list(range(channels)))
    peaks = np.array([each.activation for each in x])
    live = np.flatnonzero(peaks > 0)
    found = EarlierChannels(peaks, live, answers(network, later, [each.image for each in x], 2))
    matches = sorted({match for match, _ in found.matches().values()})
    y = visualized(later, matches)
    returns = answers(network, earlier, [each.image for each in y], 0.5).gains
    of_later = MatchedChannels(
        {each.channel: each.activation for each in y if each.activation > 0}, dict(zip(matches, returns))
    )
    return judge((earlier, later), found, of_later, common_units(trace(network), earlier, later, 112), 1000)


def test_planted_pairs_are_found():
    """Pre of a channel is In's feature at twice the size: In and Pre as two layers, of which it is not known that they belong
    together. The 24 channels are compared with 27, so that p is 1 / 27 at least."""
    kinds = {"octave": 24}
    rows, counts = judged(planted_network(0, kinds), "layer1.0", "layer1.1.bn2", 40)
    planted = [rows[channel] for channel in planted_kinds(kinds, 0)]
    assert sum(row["match"] == row["channel"] for row in planted) >= 16
    assert counts["matched"] >= 7 > counts["upper"] and counts["p"] < 0.005
    assert counts["expected"] == pytest.approx(1, abs=0.2)
    own = [row["like_signs"] for row in planted if row["match"] == row["channel"] and row["like_signs"] is not None]
    assert set(own) <= {1}  # behind the sum a unit has one weight for both


@pytest.mark.long
def test_random_weights_have_as_many_matches_as_chance():
    """Of some 160 channels that are compared, one in each pair of layers is expected to be the first of all."""
    counts = []
    for seed in range(6):
        batches = [torch.randn(16, 3, 96, 96, generator=torch.Generator().manual_seed(seed))]
        counts.append(judged(random_network("small", seed, batches), "layer2.0", "layer3.1", 24)[1])
    assert sum(row["n_compared"] for row in counts) > 120
    assert sum(row["matched"] for row in counts) <= 12 and min(row["p"] for row in counts) > 0.01 / len(counts)
