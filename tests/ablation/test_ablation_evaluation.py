"""Accuracies of an ablation against the plain loop over image files, and what a second call gives."""

import pytest
import torch
from ablations import ablated, plain_map
from torch.utils.data import DataLoader

import plain_ablation
from conftest import randomized
from scalestream.ablation.ablated_network import AblatedNetwork
from scalestream.ablation.correctness import unpacked
from scalestream.ablation.evaluation import Condition, Evaluation, derangement
from scalestream.errors import InputError
from scalestream.images.loading import ImageFiles
from scalestream.run.checkpoint import Checkpoint


@pytest.mark.parametrize("count", [2, 3, 50, 1000])
def test_every_image_has_another_one_for_a_donor(count):
    found = derangement(count, seed=3)
    assert sorted(found) == list(range(count)) and all(donor != image for image, donor in enumerate(found))
    assert found == derangement(count, seed=3) and (count < 50 or found != derangement(count, seed=4))


def test_a_single_image_has_no_donor():
    with pytest.raises(InputError, match="study.replacements: resample needs at least two images"):
        derangement(1, seed=0)


def test_accuracies_on_real_images_are_those_of_the_plain_loop(real_files):
    network, means, paths = randomized("small", 12), torch.linspace(0, 3, 24), [str(file) for file in real_files]
    conditions = [Condition("intact", None, []), Condition("scale", None, [1, 4, 9]), Condition("random", 0, [0, 2, 20])]
    percents = [0, 20, 50]
    inputs = torch.cat([*DataLoader(plain_ablation.Files(paths, 0, 128, 112))])
    network.fc.bias -= network(inputs).mean(dim=0)  # a random network else answers the same to everything
    labels = network(inputs).argmax(dim=1)  # so that the intact network is right at no scale
    rows = Evaluation(
        ablated(network, "2.1", means),
        [1, 4, 9],
        ImageFiles(paths, 128),
        labels.tolist(),
        112,
        "paper",
        batch_size=5,
        workers=1,
    ).rows(conditions, percents)
    correct = [
        plain_ablation.answers(network, "2.1", condition.channels, means, paths, percent, 128, 112, 5) == labels
        for condition in conditions
        for percent in percents
    ]
    assert [(row["condition"], row["trial"], row["scale_percent"]) for row in rows] == [
        (condition.name, condition.trial, percent) for condition in conditions for percent in percents
    ]
    assert [row["n_correct"] for row in rows] == [int(each.sum()) for each in correct]
    assert [unpacked(row["correct"], len(paths)).tolist() for row in rows] == [each.tolist() for each in correct]
    assert all(row["n_images"] == len(paths) and row["accuracy"] == row["n_correct"] / len(paths) for row in rows)
    assert rows[0]["n_correct"] == len(paths) and len({row["n_correct"] for row in rows}) > 2


@pytest.mark.parametrize("batch_size", [5, 4])
def test_resampled_maps_are_those_of_the_donors_whatever_the_batches(real_files, batch_size):
    """Each image beside its donor, at the same scale, in a plain pass."""
    network, paths = randomized("small", 12), [str(file) for file in real_files]
    donors, channels = derangement(len(paths), seed=0), [1, 4, 9, 15]
    views = {percent: torch.cat([*DataLoader(plain_ablation.Files(paths, percent, 128, 112))]) for percent in (0, 30)}
    network.fc.bias -= network(views[0]).mean(dim=0)
    labels = network(views[0]).argmax(dim=1)
    rows = Evaluation(
        ablated(network, "2.1", torch.zeros(24), "resample"),
        channels,
        ImageFiles(paths, 128),
        labels.tolist(),
        112,
        "paper",
        batch_size,
        workers=1,
        donors=donors,
    ).rows([Condition("scale", None, channels)], [0, 30])
    for row, (percent, inputs) in zip(rows, views.items(), strict=True):
        maps = plain_map(network, "2.1", inputs[donors])
        correct = plain_ablation.logits(network, "2.1", channels, maps, inputs).argmax(dim=1) == labels
        assert (row["replacement"], row["scale_percent"]) == ("resample", percent)
        assert unpacked(row["correct"], len(paths)).tolist() == correct.tolist()
    assert rows[0]["n_correct"] < len(paths)


@pytest.fixture
def evaluation(real_files):
    """A function that makes an evaluation, new or with a given checkpoint, of a network that is wrong for one image."""
    network, paths = randomized("small", 12), [str(file) for file in real_files]
    views = torch.cat([*DataLoader(plain_ablation.Files(paths, 0, 128, 112))])
    network.fc.bias -= network(views).mean(dim=0)
    labels = network(views).argmax(dim=1).tolist()
    labels[0] = (labels[0] + 1) % 12
    of_block = ablated(network, "2.1", torch.linspace(0, 3, 24))

    def made(checkpoint=None) -> Evaluation:
        given = {} if checkpoint is None else {"checkpoint": checkpoint}
        return Evaluation(of_block, [1, 4, 9], ImageFiles(paths, 128), labels, 112, "paper", batch_size=5, workers=1, **given)

    return made


@pytest.fixture(params=["in memory", "on disk"])
def checkpoint(request, tmp_path, monkeypatch):
    """None for the one that an evaluation has by itself; or one that writes at every batch."""
    monkeypatch.setattr("scalestream.run.checkpoint.INTERVAL", 0)
    return None if request.param == "in memory" else Checkpoint(tmp_path / "out.parquet", {})


INTACT, SOME, MANY = (
    Condition(*each) for each in (("intact", None, []), ("scale", None, [1, 4, 9]), ("random", 3, [*range(0, 24, 2)]))
)
ROWS = {
    "other conditions": ([INTACT, SOME], [0, 50]),
    "as many other conditions": ([INTACT, MANY], [0, 50]),
    "another order of conditions": ([SOME, INTACT], [0, 50]),
    "fewer conditions": ([MANY], [0, 50]),
    "other scales": ([INTACT, MANY], [20, 50]),
    "another order of scales": ([INTACT, MANY], [50, 0]),
    "fewer scales": ([INTACT, MANY], [50]),
}


@pytest.mark.parametrize("other", ROWS)
def test_a_second_call_of_rows_has_its_own_answers(evaluation, checkpoint, other):
    """What an evaluation has kept is never taken for the answers to another question."""
    first = [MANY, INTACT], [0, 50]
    again = evaluation(checkpoint)
    assert again.rows(*first) == evaluation().rows(*first)
    expected = evaluation().rows(*ROWS[other])
    assert again.rows(*ROWS[other]) == expected != again.rows(*first)
    assert again.rows(*first) == evaluation().rows(*first)


SCREENINGS = {
    "other draws": ([[2, 8], [*range(24)], [5]], 100),
    "as many other draws": ([[*range(0, 24, 2)], [*range(24)]], 100),
    "another order of draws": ([[*range(24)], [0, 5]], 100),
    "fewer draws": ([[*range(24)]], 100),
    "another bound": ([[0, 5], [*range(24)]], 1),
}


@pytest.mark.parametrize("other", SCREENINGS)
def test_a_second_screening_has_its_own_answers(evaluation, checkpoint, other):
    first = [[0, 5], [*range(24)]], 100

    def rows(evaluation, asked) -> list[dict]:
        return list(evaluation.screening(*asked).rows())

    again = evaluation(checkpoint)
    assert rows(again, first) == rows(evaluation(), first)
    expected = rows(evaluation(), SCREENINGS[other])
    assert rows(again, SCREENINGS[other]) == expected != rows(again, first)
    assert rows(again, first) == rows(evaluation(), first)


def test_screening_and_rows_of_the_same_channels_do_not_share_answers(evaluation, checkpoint):
    again = evaluation(checkpoint)
    screened = again.screening([SOME.channels, MANY.channels], 100)
    rows = again.rows([SOME, MANY], [0])
    assert [row["correct"] for row in screened.rows()] == [row["correct"] for row in rows]
    assert rows == evaluation().rows([SOME, MANY], [0])


def test_what_was_counted_is_not_counted_again(evaluation, checkpoint, monkeypatch):
    """The same question is answered from what was kept, with no image read."""
    again = evaluation(checkpoint)
    rows, screened = again.rows([INTACT, MANY], [0, 50]), list(again.screening([[0, 5]], 100).rows())
    monkeypatch.setattr(AblatedNetwork, "logits", None)
    assert again.rows([INTACT, MANY], [0, 50]) == rows
    assert list(again.screening([[0, 5]], 100).rows()) == screened
