"""What a layer's channels answer to images, magnified or shrunk, against plain forward passes in double precision."""

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import transforms

from conftest import randomized
from scalestream.channel_pairs.measurement import answers, fixed_row
from scalestream.errors import InputError
from scalestream.images.preprocessing import Normalization

PLAIN = transforms.Compose([transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.25] * 3)])
HALVES = Normalization((0.5,) * 3, (0.25,) * 3)


def noise(count: int, side: int) -> list[np.ndarray]:
    return list(np.random.default_rng(0).integers(0, 256, (count, side, side, 3), dtype=np.uint8))


@pytest.mark.parametrize(("network", "layer"), [("small", "layer2.1.bn2"), ("inception_v1", "mixed3a")])
@pytest.mark.parametrize("factor", [2, 0.5])
def test_answers_equal_plain_passes(double_precision, network, layer, factor):
    """The layer is read by a hook; torchvision changes it in place afterwards. Shrunk, there are zeros around the image."""
    network, images = randomized(network, 12).double(), noise(3, 224)
    kept = []
    hook = network.get_submodule(layer).register_forward_hook(lambda _module, _inputs, output: kept.append(output.clone()))
    for image in images:
        inputs = PLAIN(Image.fromarray(image))[None]
        if factor > 1:
            scaled = transforms.Resize(224)(transforms.CenterCrop(112)(inputs))
        else:
            scaled = transforms.Resize(224)(torch.nn.functional.pad(inputs, (112,) * 4))
        for each in (inputs, scaled):
            network(each)
    hook.remove()
    middle = kept[0].shape[-1] // 2
    expected = torch.cat(kept)[:, :, middle, middle].numpy()
    found = answers(network, layer, images, factor, normalization=HALVES)
    np.testing.assert_allclose(found.plain, expected[::2], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(found.scaled, expected[1::2], rtol=1e-9, atol=1e-9)
    gains = [[after - max(before, 0) for before, after in zip(*both)] for both in zip(expected[::2], expected[1::2])]
    np.testing.assert_allclose(found.gains, gains, rtol=1e-9, atol=1e-9)


def test_about_the_fixed_row_the_earlier_neurons_place_comes_to_the_later_ones():
    """Rows of torchvision's center neurons are stride * (rows // 2): 28 of 62 pixels at layer1, 32 at layer3."""
    network = randomized("small", 12)
    row = fixed_row(network, "layer1.0", "layer3.0", 62, 2)
    earlier, later = 4 * (16 // 2), 16 * (4 // 2)
    assert row + 2 * (earlier - row) == later and row + (later - row) / 2 == earlier
    uneven = fixed_row(network, "layer1.0", "layer4.0", 72, 2)
    assert uneven + 2 * (4 * (18 // 2) - uneven) == 32 * (3 // 2)


def test_an_answer_that_is_not_finite_is_one_line():
    network = randomized("small", 12)
    network.layer1[0].bn2.weight[3] = torch.nan
    with pytest.raises(InputError, match=r"layer1\.0\.bn2, channel 3: the answer to image 0 is not finite; check the weights"):
        answers(network, "layer1.0.bn2", noise(2, 48), 2)
