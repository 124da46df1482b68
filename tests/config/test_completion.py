"""What a configuration leaves to the network, by hand."""

import pytest

from scalestream.config import files
from scalestream.config.completion import complete, differences
from scalestream.config.dependencies import optimization
from scalestream.networks.architectures import description

RESNET50, RESNET18, SMALL = (description(name) for name in ("resnet50", "resnet18", "small"))
IMAGENET = {"interpolation": "bilinear", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}


def configured(**sections) -> dict:
    return files.overlaid(files.read([]), sections)


@pytest.mark.parametrize(
    ("weights", "resize"), [("IMAGENET1K_V1", 256), ("IMAGENET1K_V2", 232), ("my.pth", 256), ("random:0", 256)]
)
def test_preprocessing_comes_with_the_weights(weights, resize):
    found = complete(configured(model={"weights": weights}), RESNET50)["images"]
    assert {key: found[key] for key in ("resize", "crop", *IMAGENET)} == {"resize": resize, "crop": 224, **IMAGENET}


def test_what_is_configured_counts_and_is_said_to_differ():
    own = {"resize": 160, "crop": 112, "mean": [0.5, 0.5, 0.5]}
    config = complete(configured(model={"weights": "embedded"}, images=own), SMALL)
    assert {key: config["images"][key] for key in own} == own and config["images"]["std"] == IMAGENET["std"]
    assert list(differences(config, SMALL)) == [
        "images.resize is 160; the weights embedded of small expect 128",
        "images.mean is [0.5, 0.5, 0.5]; the weights embedded of small expect (0.485, 0.456, 0.406)",
    ]
    assert not list(differences(complete(configured(), SMALL), SMALL))


def test_trained_weights_expect_what_they_are_trained_on():
    model = {"weights": "trained"}
    found = complete(configured(model=model), RESNET50)["images"]
    assert (found["resize"], found["crop"], found["mean"]) == (256, 224, IMAGENET["mean"])
    assert not list(differences(complete(configured(model=model, images={"resize": 72, "crop": 64}), SMALL), SMALL))


def test_all_blocks():
    assert complete(configured(blocks="all"), RESNET18)["blocks"] == ["1.1", "2.0", "2.1", "3.0", "3.1", "4.0", "4.1"]


def test_jitters_by_receptive_field_stand_in_place_of_every_other():
    config = complete(configured(visualization={"jitter": "by_receptive_field", "jitter_by_layer": {"layer4.1": 4}}), RESNET50)
    layers = ["layer1.0", "layer2.1", "layer2.2.bn3", "layer3.1", "layer3.2.bn3", "layer4.2"]
    assert list(optimization(config, layers, 0)["jitter"].values()) == [0, 0, 4, 4, 16, 16]


def test_files_are_laid_over_each_other_key_by_key(tmp_path):
    (tmp_path / "one.yaml").write_text("blocks: ['2.0']\nvisualization: {steps: 3, jitter_by_layer: {layer2.0: 6}}\n")
    (tmp_path / "two.yaml").write_text("visualization: {steps: 4}\n")
    found = files.read([tmp_path / "one.yaml", tmp_path / "two.yaml"])
    default = files.read([])
    assert found["blocks"] == ["2.0"] and found["visualization"]["steps"] == 4
    jitters = default["visualization"]["jitter_by_layer"]
    assert found["visualization"]["jitter_by_layer"] == jitters | {"layer2.0": 6} and found["images"] == default["images"]
