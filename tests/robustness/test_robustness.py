"""Accuracy of the intact network by magnification, against a plain loop of torchvision's transforms on real JPEG files."""

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import transforms

from conftest import randomized
from scalestream.ablation.correctness import unpacked
from scalestream.errors import InputError
from scalestream.images import cache
from scalestream.images.loading import ImageFiles, MagnifiedImages
from scalestream.robustness.accuracy import content_digest, correct_answers, rows
from scalestream.run.checkpoint import Checkpoint

MAGNIFICATIONS = [0.88, 1, 1.19, 1.41, 1.68, 2, 2.38]
SIDES = [127, 112, 94, 79, 67, 56, 47]
RESIZE, CROP = 128, 112


@pytest.fixture(scope="module")
def files(real_images):
    return [str(file) for file in sorted(real_images.glob("*/*.JPEG"))[::6]]


def plain_logits(network, files: list[str], side: int) -> torch.Tensor:
    """Of every file, one at a time, with torchvision's transforms."""
    plain = transforms.Compose(
        [
            transforms.Resize(RESIZE),
            transforms.CenterCrop(side),
            transforms.Resize([CROP, CROP]),
            transforms.ToTensor(),
            transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ]
    )
    with torch.inference_mode():
        return torch.cat([network(plain(Image.open(file).convert("RGB"))[None]) for file in files])


@pytest.fixture(scope="module")
def network(files):
    """Random, but for a readout that gives all classes their share of the files."""
    network = randomized("small", 12)
    logits = plain_logits(network, files, CROP)
    mean, deviation = logits.mean(dim=0), logits.std(dim=0)
    network.fc.bias.sub_(mean).div_(deviation)
    network.fc.weight.div_(deviation[:, None])
    return network


@pytest.fixture(scope="module")
def answers(network, files) -> dict[float, list[int]]:
    """The top-1 answer to every file at every magnification."""
    return {m: plain_logits(network, files, side).argmax(dim=1).tolist() for m, side in zip(MAGNIFICATIONS, SIDES)}


@pytest.fixture(scope="module")
def images(files, answers, tmp_path_factory) -> MagnifiedImages:
    """From the cache, with the answers at 1.41 as classes, so that some are right at every magnification."""
    shard = tmp_path_factory.mktemp("cache") / "0-of-1.arrow"
    cache.write(shard, ImageFiles(files, RESIZE))
    return MagnifiedImages(cache.ImageCache([str(shard)], files, RESIZE), answers[1.41], MAGNIFICATIONS, CROP)


@pytest.fixture(scope="module")
def correct(network, images) -> np.ndarray:
    return correct_answers(network, images, 16, 1, Checkpoint())


def test_answers_are_those_of_the_plain_loop(files, answers, images, correct):
    found = rows(images, correct)
    assert [row["crop"] for row in found] == SIDES and [row["magnification"] for row in found] == MAGNIFICATIONS
    for row in found:
        expected = np.array(answers[row["magnification"]]) == answers[1.41]
        assert unpacked(row["correct"], len(files)).tolist() == expected.tolist(), row["magnification"]
        assert (row["n_correct"], row["n_images"]) == (expected.sum(), len(files))
        assert row["accuracy"] == expected.mean()
    counts = [row["n_correct"] for row in found]
    assert counts[3] == len(files) and len(set(counts)) > 3 and 0 < min(counts) < len(files)


def test_a_job_that_was_killed_goes_on_where_it_was(network, images, correct):
    kept = Checkpoint()
    kept.keep("correct", lambda: torch.from_numpy(~correct[:, :16]))  # so that it shows what is taken over
    found = correct_answers(network, images, 16, 1, kept)
    assert np.array_equal(found[:, :16], ~correct[:, :16]) and np.array_equal(found[:, 16:], correct[:, 16:])
    assert np.array_equal(kept.get("correct").numpy(), found)


def test_an_output_that_is_not_finite_is_one_line(images):
    network = randomized("small", 12)
    network.fc.bias[3] = torch.nan
    with pytest.raises(InputError, match=r"^the network's output is not finite at magnification 0\.88; check the weights"):
        correct_answers(network, images, 16, 1, Checkpoint())


def test_what_is_answered_is_content_and_class_wherever_it_lies():
    one, other = {"sha256": "ab", "class_index": 1}, {"sha256": "cd", "class_index": 1}
    assert content_digest([one, other]) == content_digest([one | {"path": "a"}, other | {"path": "b"}])
    different = [[other, one], [one], [one, other | {"class_index": 2}], [one, one]]
    assert len({content_digest(rows) for rows in ([one, other], *different)}) == 5
