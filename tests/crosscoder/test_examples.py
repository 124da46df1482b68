"""The crops that have most of a latent, and the directions of latents, by plain loops."""

import numpy as np
import torch

from scalestream.crosscoder import examples
from scalestream.crosscoder.dictionary import Crosscoder
from scalestream.crosscoder.layer_directions import layer_directions
from scalestream.crosscoder.samples import Samples


def test_the_strongest_samples_are_those_of_a_plain_loop(monkeypatch):
    """Over several parts, and with one crop an image."""
    monkeypatch.setattr(examples, "PART", 3)
    rng = np.random.default_rng(0)
    samples = Samples.of(rng.normal(2, 3, (20, 2, 3, 5)).astype(np.float32), crops=2)
    crosscoder = Crosscoder(*samples.statistics(), width=7, k=2)
    found = examples.strongest(crosscoder, samples, 2, [4, 1], 3)
    assert found.shape == (2, 2, 3, 3)
    decoder, scaled = crosscoder.decoder.detach().numpy(), crosscoder.scaled(torch.from_numpy(samples.values)).numpy()
    for place, latent in enumerate([4, 1]):
        for site in range(2):
            for octave in range(3):
                along = [float(sample[site, octave] @ decoder[latent, site, octave]) for sample in scaled]
                of_images = [max((2 * image, 2 * image + 1), key=along.__getitem__) for image in range(10)]
                expected = sorted(of_images, key=lambda sample: -along[sample])[:3]
                assert found[place, site, octave].tolist() == expected


def test_a_direction_is_the_sum_over_magnifications():
    parts = torch.arange(12.0).view(1, 2, 3, 2)
    found = {layer: direction[0].tolist() for layer, direction in layer_directions(parts).items()}
    assert found == {"In": [0 + 2 + 4, 1 + 3 + 5], "Pre": [6 + 8 + 10, 7 + 9 + 11]}
