"""Checkpoints: what is kept, when, for whom; and that work that goes on ends as if it had not been interrupted."""

from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import torch

from conftest import blocks_of
from scalestream.ablation.ablated_network import AblatedNetwork
from scalestream.ablation.draws import random_channels
from scalestream.ablation.evaluation import Condition, Evaluation
from scalestream.ablation.screening import screen
from scalestream.activations.extraction import extract, extract_in_parts
from scalestream.errors import InputError
from scalestream.images.loading import ImageFiles, ScaleTransformedImages, batches
from scalestream.images.preprocessing import network_input
from scalestream.run import checkpoint as module
from scalestream.run.checkpoint import Checkpoint
from scalestream.visualization.transforms import TransformSettings
from scalestream.visualization.visualize import Optimization, visualize


class Killed(BaseException):
    """Stands for the end of the process."""


def killing(items, after):
    """The items, up to the kill."""
    for count, item in enumerate(items):
        if count == after:
            raise Killed
        yield item


@pytest.fixture
def at_every_step(monkeypatch):
    monkeypatch.setattr(module, "INTERVAL", 0)


def test_values_outlive_the_process_from_one_minute_on(tmp_path, monkeypatch):
    clock = iter([0, 59, 60, 61, 119, 120, 121, 130]).__next__
    monkeypatch.setattr(module.time, "monotonic", clock)
    kept = Checkpoint(tmp_path / "out.parquet", {"seed": 1})
    assert [kept.keep("step", lambda: step) for step in (1, 2, 3)] == [False, True, False]
    monkeypatch.undo()
    again = Checkpoint(tmp_path / "out.parquet", {"seed": 1})
    assert again.get("step") == 2 and again.get("other") is None and kept.get("step") == 3
    again.clear()
    assert not list(tmp_path.iterdir())


def test_another_identity_starts_anew(tmp_path, at_every_step):
    Checkpoint(tmp_path / "out.parquet", {"seed": 1}).keep("step", lambda: 1)
    assert Checkpoint(tmp_path / "out.parquet", {"seed": 2}).get("step") is None
    assert Checkpoint(tmp_path / "out.parquet", {"seed": 1}).get("step") is None  # the first was deleted


def test_a_damaged_value_is_left_out(tmp_path, at_every_step, caplog):
    kept = Checkpoint(tmp_path / "out.parquet", {})
    kept.keep("step", lambda: torch.arange(1000))
    (file,) = kept.folder.iterdir()
    file.write_bytes(file.read_bytes()[:500])
    assert Checkpoint(tmp_path / "out.parquet", {}).get("step") is None and "damaged" in caplog.text


def test_without_an_output_nothing_is_written(tmp_path, at_every_step, monkeypatch):
    monkeypatch.chdir(tmp_path)
    kept = Checkpoint()
    assert not kept.keep("step", lambda: 1) and kept.get("step") == 1
    kept.clear()
    assert not list(tmp_path.iterdir())


KILLS = [
    ("layer2.0.bn2", [3, 1, 4], 16, [1, 7, 8, 9, 13]),
    ("layer2.0", [2, 15, 19], 24, [9, 16, 17, 18, 21]),  # two start silent, and answer from their third step on
]


@pytest.mark.parametrize(
    ("layer", "channels", "steps", "steps_before"), [(*kill, before) for *kill, befores in KILLS for before in befores]
)
def test_a_visualization_goes_on_to_the_same_images(
    small, tmp_path, at_every_step, monkeypatch, layer, channels, steps, steps_before
):
    monkeypatch.setattr(
        "scalestream.visualization.ascent.CPU_BATCH", 2
    )  # two batches: the kill falls into the first or the second, or into that of the channels that are climbed again
    settings = Optimization(112, 8, 0.05, 0.01, 0, TransformSettings(4, (1, 1.05), (-5, 0, 5)))
    arguments = small, layer, channels, "neuron", settings
    undisturbed = visualize(*arguments)
    done = []

    def watch(items, **_):
        for step in items:
            if len(done) == steps_before:
                raise Killed
            yield step
            done.append(step)

    with pytest.raises(Killed):
        visualize(*arguments, watch=watch, checkpoint=Checkpoint(tmp_path / "out.parquet", {}))
    again = []

    def count(items, **_):
        for step in items:
            again.append(step)
            yield step

    resumed = visualize(*arguments, watch=count, checkpoint=Checkpoint(tmp_path / "out.parquet", {}))
    assert len(again) == steps - steps_before  # no step is done twice
    for one, other in zip(undisturbed, resumed, strict=True):
        assert one.channel == other.channel and one.activation == other.activation
        assert np.array_equal(one.image, other.image) and np.array_equal(one.trace, other.trace)
        assert one.started_silent == other.started_silent == (layer == "layer2.0" and one.channel != 2)


@pytest.fixture
def files(real_files):
    return ImageFiles([str(file) for file in real_files], 128)


@pytest.mark.parametrize("batches_before", [0, 1, 2])
def test_activations_go_on_without_the_images_that_are_done(small, files, tmp_path, at_every_step, batches_before):
    layers = ["layer1.1", "layer4.1"]
    views = ScaleTransformedImages(files, [0] * len(files), [0], 112)
    asked = []

    def from_image(first, stop_after=None):
        asked.append(first)
        return killing((batch[:, 0] for batch, _ in batches(views, 4, 1, first)), stop_after)

    plain = list(extract(small, layers, from_image(0)))
    with pytest.raises(Killed):
        list(
            extract_in_parts(
                small,
                layers,
                files.paths,
                lambda first: from_image(first, batches_before),
                Checkpoint(tmp_path / "out.parquet", {}),
            )
        )
    found = list(extract_in_parts(small, layers, files.paths, from_image, Checkpoint(tmp_path / "out.parquet", {})))
    assert asked == [0, 0, 4 * batches_before]
    for layer in layers:
        assert np.array_equal(np.concatenate([part[layer] for part in found]), np.concatenate([part[layer] for part in plain]))


def of_block(network, images, labels: list[int], checkpoint: Checkpoint) -> Evaluation:
    """The evaluation of block 2.1 of the small network, whose channels are set to zero."""
    ablated = AblatedNetwork(network, blocks_of("small")["2.1"], torch.zeros(24))
    return Evaluation(ablated, [], images, labels, 112, "paper", 4, 1, checkpoint)


def test_counts_go_on_where_they_were(small, files, tmp_path, at_every_step, monkeypatch):
    labels = [index % 3 for index in range(len(files))]
    conditions = [Condition("intact", None, []), Condition("random", 0, [1, 5]), Condition("random", 1, [2, 8, 9])]
    sets = [condition.channels for condition in conditions]
    loaded = []

    def evaluation(checkpoint, stop_after=None):
        def load(views, batch_size, workers, begin=0, order=None):
            loaded.append(begin)
            return killing(batches(views, batch_size, workers, begin, order), stop_after)

        monkeypatch.setattr("scalestream.ablation.evaluation.batches", load)
        return of_block(small, files, labels, checkpoint)

    rows, screening = evaluation(Checkpoint()).rows(conditions, [10, 50]), evaluation(Checkpoint()).screening(sets, 100)
    with pytest.raises(Killed):
        evaluation(Checkpoint(tmp_path / "rows", {}), 2).rows(conditions, [10, 50])
    with pytest.raises(Killed):
        evaluation(Checkpoint(tmp_path / "screening", {}), 1).screening(sets, 100)
    loaded.clear()
    assert evaluation(Checkpoint(tmp_path / "rows", {})).rows(conditions, [10, 50]) == rows
    resumed = evaluation(Checkpoint(tmp_path / "screening", {})).screening(sets, 100)
    assert list(resumed.rows()) == list(screening.rows()) and loaded == [8, 4]


def test_screening_that_gave_up_goes_on_with_more_candidates_as_if_it_had_not(small, files, tmp_path, at_every_step):
    """A pass that the limit cut short is another pass than the one without."""
    ((views, _),) = batches(ScaleTransformedImages(files, [0] * len(files), [0], 112), len(files), 1)
    labels = small(network_input(views[:, 0], torch.device("cpu"))).argmax(dim=1).tolist()
    channels = lambda number: random_channels("2.1", number, [0, 1, 2, 3], 24, 0)

    def draws(checkpoint, limit):
        evaluation = of_block(small, files, labels, checkpoint)
        counts = evaluation.screening([channels(number) for number in range(40)], len(files)).n_correct
        most = int(np.sort(counts)[13])  # about a third of the draws are accepted
        return list(screen(channels, lambda sets: evaluation.screening(sets, most), 0, 9, limit))

    undisturbed = draws(Checkpoint(), 60)
    assert 12 < len(undisturbed) < 60
    draws(Checkpoint(tmp_path / "out", {}), 10)
    assert draws(Checkpoint(tmp_path / "out", {}), 60) == undisturbed


def test_what_is_not_finite_stays_so_after_a_kill(small, tmp_path, at_every_step):
    settings = Optimization(112, 4, 1e38, 0.01, 0, TransformSettings(4, (1,), (0,)))
    for _ in range(2):
        with pytest.raises(InputError, match="layer2.0.bn2, channel 3: the activation is nan at step"):
            visualize(small, "layer2.0.bn2", [3], "neuron", settings, checkpoint=Checkpoint(tmp_path / "out", {}))


def test_a_full_disk_is_an_oserror(tmp_path, at_every_step, monkeypatch):
    """As job.py tells it from other errors; torch.save itself raises others."""
    monkeypatch.setattr(module, "atomic_write", lambda path: nullcontext(Path("/dev/full")))
    with pytest.raises(OSError, match="No space left"):
        Checkpoint(tmp_path / "out", {}).keep("values", lambda: torch.zeros(1000))
