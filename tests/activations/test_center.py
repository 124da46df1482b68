"""The center neuron against Lucent's, and its activation for single images."""

import numpy as np
import pytest
import torch

from scalestream.activations.center import center, center_activations
from scalestream.networks.graph import cut_after


@pytest.mark.parametrize(("height", "width", "row", "column"), [(4, 4, 2, 2), (5, 5, 2, 2), (7, 4, 3, 2), (1, 1, 0, 0)])
def test_center_neuron(height, width, row, column):
    from lucent.optvis.objectives_util import _extract_act_pos

    maps = torch.arange(2 * 3 * height * width).reshape(2, 3, height, width)
    assert torch.equal(center(maps), maps[:, :, row, column])
    if height == width:
        assert torch.equal(center(maps), _extract_act_pos(maps)[:, :, 0, 0])


def test_center_activations_do_not_depend_on_the_batch(small):
    part = cut_after(small, "layer2.1.bn2")
    images = [np.random.default_rng(k).integers(0, 256, (48, 48, 3), dtype=np.uint8) for k in range(5)]
    torch.testing.assert_close(center_activations(part, images, batch_size=2), center_activations(part, images))
