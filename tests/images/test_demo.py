"""The drawn images and the embedded network that was trained on such images."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torchvision import transforms

from conftest import REPOSITORY
from scalestream.images import demo
from scalestream.networks.weights import build

SIZE = 128
WEIGHTS = REPOSITORY / "resources" / "small.safetensors"


def validation_image(label: int, number: int, seed: int = 7, scales: tuple[float, float] = demo.ALL_SCALES) -> np.ndarray:
    return demo.draw(label, demo.generator(demo.VALIDATION, seed, label, number), SIZE, scales)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.png"))}


def test_classes_are_in_the_order_of_their_folders():
    assert list(demo.CLASSES) == sorted(demo.CLASSES) and len(demo.CLASSES) == 12


@pytest.mark.parametrize("size", [64, 128, 131])
def test_image_is_rgb_of_the_size_asked_for(size):
    for label in range(len(demo.CLASSES)):
        image = demo.draw(label, np.random.default_rng(label), size)
        assert image.shape == (size, size, 3) and image.dtype == np.uint8


def test_same_generator_gives_same_image():
    for label in range(len(demo.CLASSES)):
        np.testing.assert_array_equal(validation_image(label, 3), validation_image(label, 3))


def test_images_differ_across_classes_numbers_seeds_and_streams():
    images = {
        validation_image(label, number, seed).tobytes()
        for label in range(len(demo.CLASSES))
        for number in range(4)
        for seed in (0, 1)
    }
    assert len(images) == len(demo.CLASSES) * 4 * 2
    training = demo.draw(0, demo.generator(demo.TRAINING, 0, 0, 0), SIZE)
    assert training.tobytes() not in images


def test_written_files_hold_the_drawn_images(tmp_path):
    demo.write_images(tmp_path, per_class=2, size=SIZE, seed=7)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(demo.CLASSES)
    for label, name in enumerate(demo.CLASSES):
        for number, path in enumerate(sorted((tmp_path / name).iterdir())):
            np.testing.assert_array_equal(np.asarray(Image.open(path)), validation_image(label, number))


@pytest.mark.parametrize(
    ("write", "scales"),
    [
        (demo.write_training_images, demo.ALL_SCALES),
        (demo.write_training_images_of_trained_scales, demo.TRAINED_SCALES),
    ],
)
def test_images_to_train_with_are_of_their_own_stream_and_scales(tmp_path, write, scales):
    write(tmp_path, per_class=2, size=64, seed=7)
    for label, name in enumerate(demo.CLASSES):
        expected = demo.draw(label, demo.generator(demo.TRAINING, 7, label, 1), 64, scales)
        np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / name / "00001.png")), expected)


def test_more_images_keep_the_earlier_ones(tmp_path):
    demo.write_images(tmp_path / "few", per_class=2, size=64, seed=7)
    demo.write_images(tmp_path / "more", per_class=5, size=64, seed=7)
    few, more = files(tmp_path / "few"), files(tmp_path / "more")
    assert len(few) == 2 * len(demo.CLASSES) and len(more) == 5 * len(demo.CLASSES)
    assert few.items() <= more.items()


def drawn_scale(image: np.ndarray) -> float:
    """A length proportional to the scale of a noiseless two-colour image: pixels covered over length of their edge."""
    channel = image[:, :, np.argmax(np.ptp(image, axis=(0, 1)))].astype(float)
    mask = (channel - channel.min()) / np.ptp(channel)
    covered = min(mask.sum(), (1 - mask).sum())
    return covered / np.hypot(*np.gradient(mask)).sum()


@pytest.fixture
def noiseless(monkeypatch):
    monkeypatch.setattr(demo, "coloured_noise", lambda size, rng: np.zeros((size, size, 3)))


@pytest.mark.parametrize("label", range(len(demo.CLASSES)), ids=demo.CLASSES)
def test_scales_span_a_factor_of_three(label, noiseless):
    scales = [drawn_scale(validation_image(label, number)) for number in range(60)]
    assert max(scales) / min(scales) > 3


def test_a_part_of_the_scales_holds_those_alone(noiseless):
    """Of disks, whose area over edge is half the radius."""
    label = demo.CLASSES.index("disk")
    smallest, largest = (SIZE * radius for radius in demo.SHAPE_RADIUS)
    between = smallest * (largest / smallest) ** 0.8
    inside, larger = (
        [2 * drawn_scale(validation_image(label, number, scales=scales)) for number in range(40)]
        for scales in (demo.TRAINED_SCALES, demo.LARGER_SCALES)
    )
    assert smallest * 0.9 < min(inside) < smallest * 1.2 and between * 0.8 < max(inside) < between * 1.05
    assert between * 0.95 < min(larger) and between * 1.1 < max(larger) < largest * 1.05


def test_weights_are_small_and_fit_the_network():
    assert WEIGHTS.stat().st_size <= 3_000_000
    build("small", len(demo.CLASSES)).load_state_dict(load_file(WEIGHTS), strict=True)


def test_embedded_network_recognises_fresh_images_of_the_scales_that_it_knows():
    """And others less well: what it has to show."""
    network = build("small", len(demo.CLASSES))
    network.load_state_dict(load_file(WEIGHTS))
    preprocess = transforms.Compose(
        [
            transforms.Resize(128),
            transforms.CenterCrop(112),
            transforms.ToTensor(),
            transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        ]
    )
    per_class = 20
    labels = torch.arange(len(demo.CLASSES)).repeat_interleave(per_class)

    @torch.no_grad()
    def accuracy(scales: tuple[float, float]) -> float:
        inputs = torch.stack(
            [
                preprocess(Image.fromarray(validation_image(label, number, 2**20 + 1, scales)))
                for label in range(len(demo.CLASSES))
                for number in range(per_class)
            ]
        )
        return (network(inputs).argmax(1) == labels).float().mean().item()

    assert accuracy(demo.TRAINED_SCALES) >= 0.98
    assert 0.7 <= accuracy(demo.LARGER_SCALES) <= 0.95
