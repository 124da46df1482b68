"""Crops, their activations and the equal blur, against plain ways to make them."""

import numpy as np
import pytest
import torch
from torchvision.transforms import functional as F

from conftest import blocks_of
from scalestream.crosscoder.views import Crops, EquallyBlurred, measure
from scalestream.errors import InputError
from scalestream.images import demo
from scalestream.images.geometry import most_crops
from scalestream.images.loading import ScaleTransformedImages, batches
from scalestream.images.preprocessing import magnify, network_input, resized
from scalestream.measures.neurons import CenterNeurons
from scalestream.run import checkpoint as module
from scalestream.run.checkpoint import Checkpoint

OCTAVES = [0, 0.5, 1]
CPU = torch.device("cpu")
BLOCK = blocks_of("small")["2.0"]


@pytest.fixture(scope="module")
def images():
    drawn = [demo.draw(label, demo.generator(0, 0, label, 0), 80) for label in range(5)]
    return [resized(F.to_pil_image(pixels), 72) for pixels in drawn]


def test_the_first_crop_is_what_the_network_sees_and_the_others_are_windows_of_the_image(images):
    crops = Crops(images, 4, 64)
    seen = ScaleTransformedImages(images, [0] * 5, [0], 64)
    assert len(crops) == 20
    for index, image in enumerate(images):
        square = F.pil_to_tensor(image.square)
        assert torch.equal(crops[4 * index], seen[index][0][0])
        windows = square.unfold(1, 64, 1).unfold(2, 64, 1).permute(1, 2, 0, 3, 4).flatten(0, 1)
        places = [int((windows == crops[4 * index + number]).flatten(1).all(dim=1).nonzero()[0]) for number in (1, 2, 3)]
        assert len(set(places)) == 3
    again = Crops(images[:2], 4, 64)
    assert all(torch.equal(again[sample], crops[sample]) for sample in range(8))


def test_an_image_has_so_many_crops(images):
    assert most_crops(72, 64) == 82 and most_crops(64, 64) == 1
    assert len({crop.numpy().tobytes() for crop in map(Crops(images[:1], 82, 64).__getitem__, range(1, 82))}) == 81


def written(small, images, folder, checkpoint, crops=3, stop_after=None):
    neurons, views = CenterNeurons(small, BLOCK, 64, OCTAVES), Crops(images, crops, 64)

    def loaded(first):
        for count, batch in enumerate(batches(views, 4, 1, first)):
            if count == stop_after:
                raise KeyboardInterrupt
            yield batch

    names = [f"image {index}" for index in range(len(images)) for _ in range(crops)]
    place = folder / "activations.npy"
    measure(neurons, names, loaded, place, checkpoint)
    return place


def test_activations_are_those_of_each_crop_alone(small, images, tmp_path):
    found = np.load(written(small, images, tmp_path, Checkpoint()))
    neurons = CenterNeurons(small, BLOCK, 64, OCTAVES)
    for sample, crop in enumerate(map(Crops(images, 3, 64).__getitem__, range(15))):
        of_in, of_pre, of_post = neurons(network_input(crop[None], CPU))[:, 0].numpy()
        np.testing.assert_allclose(found[sample], [of_in, of_pre], rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(of_post, np.maximum(of_in + of_pre, 0), rtol=1e-4, atol=1e-4)


def test_a_killed_measurement_goes_on_to_the_same_bytes(small, images, tmp_path, monkeypatch):
    whole = written(small, images, tmp_path / "whole", Checkpoint()).read_bytes()
    monkeypatch.setattr(module, "INTERVAL", 0)
    with pytest.raises(KeyboardInterrupt):
        written(small, images, tmp_path, Checkpoint(tmp_path / "output"), stop_after=2)
    assert Checkpoint(tmp_path / "output").get("samples") == 8
    assert (tmp_path / "activations.npy").read_bytes() != whole
    assert written(small, images, tmp_path, Checkpoint(tmp_path / "output")).read_bytes() == whole


def test_an_activation_that_is_not_finite_is_one_line(small, images, tmp_path, monkeypatch):
    spoilt = lambda self, pixels: torch.full((3, len(pixels), 3, BLOCK.channels), torch.nan)
    monkeypatch.setattr(CenterNeurons, "forward", spoilt)
    with pytest.raises(InputError, match=r"^layer2.0.downsample.1, channel 0: the activation is nan for image 0; check"):
        written(small, images, tmp_path, Checkpoint())


def test_equally_blurred_views_pass_through_the_resolution_of_the_strongest_magnification(small, images):
    view = network_input(torch.stack([Crops(images, 1, 64)[index] for index in range(3)]), CPU)
    neurons = EquallyBlurred(small, BLOCK, 64, OCTAVES)
    rows = neurons.rows
    fine = []
    for octave in OCTAVES:
        sharp = magnify(view, 2**octave, neurons.about)
        by_hand = F.resize(F.resize(sharp, [32, 32], antialias=True), [64, 64])
        found = neurons.magnified(view, octave)
        torch.testing.assert_close(found, by_hand[..., rows, rows], rtol=0, atol=1e-5)
        fine.append([fine_share(each) for each in (sharp[..., rows, rows], found)])
    sharp, blurred = np.array(fine).T
    assert sharp[0] > 5 * sharp[-1] and max(blurred) < sharp[-1]


def fine_share(images):
    """Of the energy, the share above half of the highest frequency."""
    spectrum = torch.fft.fft2(images - images.mean(dim=(2, 3), keepdim=True)).abs().square().sum(dim=(0, 1))
    frequencies = torch.fft.fftfreq(images.shape[-1]).abs()
    high = torch.maximum(frequencies[:, None], frequencies) > 0.25
    return float(spectrum[high].sum() / spectrum.sum())
