"""The batches of a training: which images, in what order, with which views."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from PIL import Image

from scalestream.errors import InputError
from scalestream.images.listing import trained_classes
from scalestream.images.preprocessing import Resized
from scalestream.training.augmentation import Augmentation
from scalestream.training.batches import Epoch, loaded

COUNT, BATCH = 22, 4
PIXELS = np.random.default_rng(0).integers(0, 255, (COUNT, 20, 20, 3), dtype=np.uint8)
PIXELS[:, :, :, 0] = np.arange(COUNT)[:, None, None]  # red says which image it is
IMAGES = [Resized(Image.fromarray(pixels), (20, 20)) for pixels in PIXELS]
LABELS = [100 + number for number in range(COUNT)]


def epoch(seed: int = 0, number: int = 0, area=(0.08, 1)) -> Epoch:
    return Epoch(IMAGES, LABELS, Augmentation(area, True, 16), BATCH, seed, number)


def shown(batches) -> tuple[torch.Tensor, list[int]]:
    views, labels = zip(*batches)
    return torch.cat(views), torch.cat(labels).tolist()


def test_an_epoch_has_every_image_once_but_for_what_fills_no_batch():
    views, labels = shown(loaded(epoch(), 0, 1))
    assert len(epoch()) == 5 and len(labels) == 20 == len(set(labels)) and set(labels) < set(LABELS)
    assert (views[:, 0].amin((1, 2)) + 100).tolist() == labels == (views[:, 0].amax((1, 2)) + 100).tolist()


def test_epochs_and_seeds_differ_and_the_same_are_equal():
    found = [shown(loaded(epoch(*which), 0, 1)) for which in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]]
    assert all(one[1] != other[1] and not torch.equal(one[0], other[0]) for one, other in pairwise(found))
    assert len({frozenset(labels) for _, labels in found}) > 1
    again = shown(loaded(epoch(1, 1), 0, 1))
    assert again[1] == found[-1][1] and torch.equal(again[0], found[-1][0])


def test_no_two_batches_have_the_same_views():
    augmentation = epoch().augmentation
    windows = [augmentation.windows(BATCH, 20, np.random.default_rng([0, 1, 2, batch])) for batch in (0, 1)]
    assert not np.array_equal(*windows)


@pytest.mark.parametrize("begin", [0, 3])
def test_workers_and_a_later_beginning_change_nothing(begin):
    views, labels = shown(loaded(epoch(), 0, 1))
    some, of_some = shown(loaded(epoch(), begin, 2))
    assert of_some == labels[begin * BATCH :] and torch.equal(some, views[begin * BATCH :])


def test_the_augmentation_does_not_change_the_order():
    assert shown(loaded(epoch(area=None), 0, 1))[1] == shown(loaded(epoch(), 0, 1))[1]


def test_loading_does_not_touch_the_networks_random_numbers():
    state = torch.get_rng_state()
    list(loaded(epoch(), 0, 1))
    assert torch.equal(torch.get_rng_state(), state)


def test_training_images_have_the_classes_that_are_judged():
    trained = [(0, "cat"), (1, "dog"), (2, "owl"), (0, "cat")]
    assert trained_classes(trained, [(0, "cat"), (2, "owl")]) == 3
    with pytest.raises(InputError, match=r"none of class ant \(index 0\), nor of 1 more, which images has; give"):
        trained_classes(trained, [(0, "ant"), (1, "cat"), (2, "owl")])
    with pytest.raises(InputError, match=r"none of class yak \(index 3\), which images has"):
        trained_classes(trained, [(3, "yak")])
