"""A run that trains its own weights, to its ablation; what its settings rerun, and training images that do not do."""

import os
import shutil

import pyarrow.parquet as pq
import pytest
import safetensors.torch
from test_reruns import OF_A_TRAINING

from runs import TINY_TRAINED, completed, overlaid, planned, snakemake, table
from scalestream.images import demo
from scalestream.training.recipe import initial_network

pytestmark = pytest.mark.long
MODEL = "results/model/manifest.json"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    completed(folder, TINY_TRAINED, "results/ablation.parquet", "results/figures/training.pdf")
    return folder


def test_the_network_under_study_is_the_trained_one(run):
    places = [run / "results" / place / "weights.safetensors" for place in ("training", "model")]
    trained, studied = map(safetensors.torch.load_file, places)
    weights = [name for name in trained if not name.endswith("num_batches_tracked")]
    assert trained.keys() == studied.keys() and all(trained[name].equal(studied[name]) for name in weights)
    first = initial_network("small", 0, 12).state_dict()
    assert not any(first[name].equal(trained[name]) for name in first if name.endswith("conv1.weight"))
    assert len(trained["fc.bias"]) == 12


def test_it_says_how_the_training_went(run):
    rows = table(run, "training/epochs")
    assert [row["epoch"] for row in rows] == [1, 2]
    assert all(row["loss"] > 0 and row["images_per_second"] > 0 for row in rows)
    n_images = len(table(run, "images"))
    assert all((row["validation_accuracy"] * n_images).is_integer() for row in rows)
    assert [row["accuracy"] * 64 for row in rows] == [round(row["accuracy"] * 64) for row in rows]  # four batches of 16
    intact = {row["accuracy"] for row in table(run, "ablation") if row["condition"] == "intact" and row["scale_percent"] == 0}
    assert intact == {rows[-1]["validation_accuracy"]}
    for file in ("figures/training.pdf", "figures/training.png"):
        assert (run / "results" / file).stat().st_size > 1000
    record = pq.read_schema(run / "results/training/epochs.parquet").metadata[b"scalestream"]
    assert b"training_images_sha256" in record and b"images_sha256" in record


def test_no_image_is_trained_and_validated_with(run):
    digests = [{row["sha256"] for row in table(run, name)} for name in ("images", "training/images")]
    assert len(digests[0]) == 48 and len(digests[1]) == 72 and not digests[0] & digests[1]


@pytest.mark.parametrize("key", OF_A_TRAINING)
def test_a_changed_key_trains_anew_if_it_changes_the_training(run, key):
    changes, expected = OF_A_TRAINING[key]
    assert set(planned(run, overlaid(TINY_TRAINED, replace=True, **changes), MODEL)) == expected


def test_images_that_others_are_validated_with_train_anew(run):
    assert "train" in planned(run, overlaid(TINY_TRAINED, replace=True, images={"demo": {"seed": 1}}), MODEL)
    assert "train" in planned(run, overlaid(TINY_TRAINED, images={"crop": 60}), MODEL)
    assert planned(run, overlaid(TINY_TRAINED, images={"batch_size": 5}), MODEL) == {}


@pytest.fixture
def folders(tmp_path):
    """Images to train and to validate with, in folders by class."""
    demo.write_images(tmp_path / "val", 1, 72, 0)
    demo.write_training_images(tmp_path / "train", 2, 72, 0)
    images = {"source": "class_folders", "root": "val"}
    return tmp_path, overlaid(TINY_TRAINED, images=images, training={"images": {"root": "train"}, "batch_size": 8})


def test_images_in_folders_are_trained_with_and_watched(folders):
    folder, config = folders
    completed(folder, config, MODEL)
    assert len(table(folder, "training/images")) == 24 and planned(folder, config, MODEL) == {}
    os.utime(next((folder / "train").glob("*/*.png")), ns=(0, 0))
    assert set(planned(folder, config, MODEL)) == {"list_training_images", "cache_training_images", "train", "resolve_model"}


def test_training_images_without_a_class_are_one_line(folders):
    folder, config = folders
    shutil.rmtree(folder / "train/waves")
    said = snakemake(folder, config, MODEL).stderr
    line = "[train] training.images: there are none of class waves (index 11), which images has; give training images"
    assert line in said and "Traceback" not in said


def test_too_few_training_images_for_a_batch_are_one_line(folders):
    folder, config = folders
    said = snakemake(folder, overlaid(config, training={"batch_size": 25}), MODEL).stderr
    assert "[train] training.batch_size: the 24 training images do not fill a batch; make it smaller" in said
