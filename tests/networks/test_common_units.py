"""Convolutions that read two layers, with the weights that they read them with, by what a change of a channel does to them."""

import numpy as np
import pytest
import torch
from torch import nn

from conftest import randomized
from scalestream.networks.common_units import common_units, like_signs
from scalestream.networks.tracing import trace


class Concatenated(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 2, 1), nn.Conv2d(3, 4, 1)
        self.pool, self.third, self.last = nn.MaxPool2d(3, 1, 1), nn.Conv2d(7, 5, 3, padding=1), nn.Conv2d(5, 6, 1)
        self.head = nn.Linear(6, 3)

    def forward(self, images):
        first, second = self.first(images), self.second(images)
        maps = self.third(self.pool(torch.cat([images[:, :1], second.relu(), first.relu()], 1)))
        return self.head(self.last(maps.relu()).mean((2, 3)))


def test_a_concatenation_is_read_where_its_channels_are():
    network = Concatenated().eval()
    ((of_first, of_second),) = common_units(trace(network), "first", "second", 16)
    weight = network.third.weight.sum((2, 3)).detach().numpy()
    np.testing.assert_array_equal(of_second, weight[:, 1:5])
    np.testing.assert_array_equal(of_first, weight[:, 5:7])
    share = np.mean(np.sign(weight[:, 5 + 1]) == np.sign(weight[:, 1 + 2]))
    assert like_signs([(of_first, of_second)], 1, 2) == pytest.approx(share)


def test_a_sum_is_read_with_one_weight():
    """In and Pre of a block, by the convolution after it; a layer further on is read by none that reads In."""
    network = randomized("small", 12)
    units = common_units(trace(network), "layer1.0", "layer1.1.bn2", 64)
    assert len(units) == 2  # those of layer2.0: conv1 and the one of the bypass
    assert all(np.array_equal(*both) for both in units) and like_signs(units, 3, 3) == 1
    assert common_units(trace(network), "layer1.0", "layer2.1.bn2", 64) == [] and like_signs([], 0, 0) is None


def test_branches_of_inception_are_read_by_four_convolutions():
    network = randomized("inception_v1", 12)
    units = common_units(trace(network), "mixed3a_1x1", "mixed3a_5x5", 224)
    assert [tuple(each.shape for each in both) for both in units] == [((n, 64), (n, 32)) for n in (128, 128, 32, 64)]
    weight = network.mixed3b_1x1_pre_relu_conv.weight[..., 0, 0].numpy()
    assert np.array_equal(units[0][0], weight[:, :64]) and np.array_equal(units[0][1], weight[:, 192:224])
    assert common_units(trace(network), "mixed3a", "mixed4a", 224) == []
