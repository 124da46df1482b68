"""The gratings that the planted network classifies."""

import numpy as np
import torch
from PIL import Image

from scalestream.images import gratings
from scalestream.images.preprocessing import network_input
from scalestream.networks.families.planted import planted_network
from scalestream.networks.planting import CLASSES, colour

SIZE = 128


def drawn(name: str, seed: int) -> np.ndarray:
    return gratings.draw(gratings.BY_CLASS[name], np.random.default_rng(seed), SIZE)


def test_written_files_hold_the_drawn_images_of_every_class(tmp_path):
    gratings.write_images(tmp_path, per_class=2, size=SIZE, seed=7)
    assert [path.name for path in sorted(tmp_path.iterdir())] == list(CLASSES)
    contents = {path.read_bytes() for path in tmp_path.rglob("*.png")}
    assert len(contents) == 24
    image = np.asarray(Image.open(tmp_path / CLASSES[3] / "00001.png"))
    np.testing.assert_array_equal(image, drawn(CLASSES[3], [7, 3, 1]))
    assert image.shape == (SIZE, SIZE, 3) and image.dtype == np.uint8


def test_a_grating_has_its_colour_orientation_and_wavelength():
    for name, (down, across) in {"grey_000": (0, 1), "blue_yellow_090": (1, 0), "red_green_045": (1, 1)}.items():
        spectrum = sum(
            abs(np.fft.fft2(drawn(name, seed) / 255 @ colour(gratings.BY_CLASS[name].axis) - 0.5)) ** 2 for seed in range(8)
        )
        spectrum[0, 0] = 0
        rows, columns = np.unravel_index(spectrum.argmax(), spectrum.shape)
        rows, columns = (min(index, SIZE - index) for index in (rows, columns))
        assert 4.8 < SIZE / np.hypot(rows, columns) < 6.8
        assert abs(rows - down * max(rows, columns)) <= 2 and abs(columns - across * max(rows, columns)) <= 2


@torch.no_grad()
def test_the_planted_network_classifies_them():
    network = planted_network(0, {"octave": 12, "none": 12})
    images = np.stack([drawn(name, seed)[8:120, 8:120] for name in CLASSES for seed in range(3)])
    answers = network(network_input(torch.from_numpy(images).permute(0, 3, 1, 2), torch.device("cpu"))).argmax(dim=1)
    assert (answers == torch.arange(12).repeat_interleave(3)).float().mean() > 0.95
