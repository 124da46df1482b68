"""The configuration: the shipped files are valid, and every fault is one line with key and mend."""

import copy

import pytest
import yaml

from conftest import REPOSITORY
from scalestream.config import checking
from scalestream.config.settings import jitter
from scalestream.errors import InputError

DEFAULT = yaml.safe_load((REPOSITORY / "config.yaml").read_text())
PAPER, STUDY = (yaml.safe_load((REPOSITORY / "config" / name).read_text()) for name in ("paper.yaml", "study.yaml"))

FOLDERS = {"source": "class_folders", "root": "val"}


def changed(key: str, value) -> dict:
    config = copy.deepcopy(DEFAULT)
    *path, name = key.split(".")
    place = config
    for part in path:
        place = place[part]
    place[name] = value
    return config


def merged(base: dict, other: dict) -> dict:
    """As Snakemake lays a configuration file over the default one."""
    return base | {
        key: merged(base[key], value) if isinstance(value, dict) and key in base else value for key, value in other.items()
    }


def test_the_shipped_files_are_valid(tmp_path):
    checking.check(DEFAULT)
    (tmp_path / "n01440764").mkdir()
    (tmp_path / "n01440764" / "a.JPEG").touch()
    paper = checking.check(merged(merged(DEFAULT, PAPER), {"images": {"root": str(tmp_path)}}))
    assert paper["visualization"]["steps"] == 2560 and paper["images"]["crop"] == 224
    jitters = {
        layer: jitter(paper, layer)
        for layer in (
            "layer1.0",
            "layer2.0",
            "layer2.1.bn2",
            "layer3.0.downsample.1",
            "layer3.0",
            "layer2.1",
            "layer3.1",
            "layer4.1",
        )
    }
    assert list(jitters.values()) == [0, 0, 4, 4, 4, 16, 16, 16]


def test_the_study_may_be_laid_over_every_other_configuration(tmp_path):
    (tmp_path / "n01440764").mkdir()
    (tmp_path / "n01440764" / "a.JPEG").touch()
    study = checking.check(merged(DEFAULT, STUDY))
    papers = checking.check(merged(merged(merged(DEFAULT, PAPER), STUDY), {"images": {"root": str(tmp_path)}}))
    assert len(study["visualization"]["seeds"]) >= 3 and study["ablation"]["trials"] >= 20
    assert papers["study"] == study["study"] and papers["visualization"]["steps"] == 2560


@pytest.mark.parametrize("config", [DEFAULT, PAPER])
def test_nothing_goes_past_the_paper_unless_it_is_asked_for(config):
    study = dict(config["study"])
    assert study.pop("dose")["points"] == 0
    assert not any(study.pop("sensitivity").values()) and not any(study.values())
    assert config["robustness"] == {"magnifications": []} and config["crosscoder"]["blocks"] == []
    assert len(config["visualization"]["seeds"]) == 1 and config["ablation"]["selection"] == "one_seed"


def test_every_key_has_a_description():
    def missing(schema, place=""):
        for name, child in schema.get("properties", {}).items():
            if "description" not in child:
                yield f"{place}{name}"
            yield from missing(child, f"{place}{name}.")
        if schema.get("properties"):
            assert schema["additionalProperties"] is False, place
            assert sorted(schema["required"]) == sorted(schema["properties"]), place

    assert list(missing(checking.SCHEMA)) == []


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("visualisation", {}, r"visualisation is not a known key; did you mean 'visualization'\?"),
        ("visualization.step", 5, r"visualization\.step is not a known key; did you mean 'steps'\?"),
        ("images.demo.zzz", 5, r"images\.demo\.zzz is not a known key; known keys: per_class, seed"),
        ("visualization.steps", "many", r"visualization\.steps: 'many' is not of type 'integer'"),
        ("visualization.steps", 0, r"visualization\.steps: 0 is less than the minimum of 1"),
        ("visualization.steps", 2.5, r"visualization\.steps: 2\.5 is not of type 'integer'"),
        ("visualization.jitter", 3, r"visualization\.jitter: 3 is not allowed; use 0, or 4 or more"),
        ("visualization.jitter", 112, r"visualization\.jitter: 112 is not below images\.crop"),
        ("visualization.jitter_by_layer", {"layer5.0": 4}, r"small has no analysed layer 'layer5\.0'; it has layer1\.0, "),
        ("criteria.tolerance", 1, r"criteria\.tolerance: 1 is less than or equal to the minimum"),
        ("blocks", ["2.1", "5.0"], r"blocks: small has no block '5\.0'; it has 1\.1, 2\.0"),
        ("blocks", [], r"ablation\.blocks: without analysed blocks there is none to ablate; give ablation: \{blocks: \[\]\}"),
        (
            "layer_pairs",
            [["layer2.0", "layer3.7"]],
            r"layer_pairs: small has no layer 'layer3\.7' with channels to compare; did you mean layer3\.1",
        ),
        (
            "layer_pairs",
            [["avgpool", "layer3.0"]],
            r"layer_pairs: small has no layer 'avgpool' with channels to compare; python -m scalestream blocks lists",
        ),
        ("layer_pairs", [["layer3.0", "layer2.0"]], r"layer_pairs: layer2\.0 comes before layer3\.0; turn them round"),
        ("layer_pairs", [["layer2.0", "layer2.0"]], r"layer_pairs\.0: .* has non-unique elements; Two layers, the earlier"),
        ("layer_pairs", [["layer2.0"]], r"layer_pairs\.0: \['layer2\.0'\] is too short; Two layers, the earlier one first"),
        ("ablation.blocks", ["1.0"], r"ablation\.blocks: small has no block '1\.0'; it has 1\.1"),
        ("ablation.slack", {"7.7": 0}, r"ablation\.slack: small has no block '7\.7'"),
        ("ablation.channels", {"7.7": [0]}, r"ablation\.channels: small has no block '7\.7'; it has 1\.1"),
        ("ablation.channels", {"2.0": [0]}, r"ablation\.channels: block 2\.0 is not ablated; add it to ablation\.blocks"),
        (
            "ablation.channels",
            {"4.0": [0, 64]},
            r"ablation\.channels: block 4\.0 of small has no channel 64; its channels are 0 to 47",
        ),
        ("ablation.channels", {"4.0": [3, 3.0]}, r"ablation\.channels\.4\.0: \[3, 3\] has non-unique elements; .* each once"),
        ("ablation.channels", {"4.0": []}, r"ablation\.channels\.4\.0: \[\] should be non-empty"),
        ("ablation.scale_percents", [0], r"ablation\.scale_percents\.0: 0 is less than the minimum of 1"),
        ("ablation.scale_percents", [10, 10], r"has non-unique elements"),
        ("images.crop", 500, r"images\.crop: 500 is larger than images\.resize, 128"),
        ("images.source", "wnid_folders", r"images\.root is missing"),
        ("images.root", "photos", r"images\.root: photos is not read, as images\.source demo draws"),
        ("ablation.max_candidates", 5, r"ablation\.max_candidates: 5 draws cannot give 10 trials; make it larger"),
        ("ablation.slack", {"2.0": float("nan")}, r"ablation\.slack\.2\.0: nan is not a finite number"),
        ("criteria.tolerance", float("inf"), r"criteria\.tolerance: inf is not a finite number"),
        ("criteria.magnification", 1000, r"criteria\.magnification: 1000 leaves nothing of the image; make it smaller"),
        (
            "robustness.magnifications",
            [1, 400],
            r"robustness\.magnifications: 400 leaves nothing of the image; make it smaller",
        ),
        (
            "robustness.magnifications",
            [0.8],
            r"robustness\.magnifications: 0\.8 needs 140 pixels of images that are resized to 128; make it 0\.875 or larger",
        ),
        ("robustness.magnifications", [0], r"robustness\.magnifications\.0: 0 is less than or equal to the minimum of 0"),
        ("robustness.magnifications", [2, 2.0], r"robustness\.magnifications: .* has non-unique elements"),
        ("measures.lags", [0, 1], r"measures\.lags: \[0, 1\] are too few to compare lags; give at least three, or none"),
        ("measures.lags", [0, 0.5, 2], r"measures\.lags: \[0, 0\.5, 2\] are not evenly spaced from 0; give octaves such as"),
        ("measures.lags", [0.5, 1, 1.5], r"measures\.lags: \[0\.5, 1, 1\.5\] are not evenly spaced from 0"),
        ("measures.lags", [0, 4, 8], r"measures\.lags: 8 octaves leave nothing of the image; make it smaller"),
        ("measures.lags", [-1, 0, 1], r"measures\.lags\.0: -1 is less than the minimum of 0"),
        ("visualization.scales", [1, float("nan")], r"visualization\.scales\.1: nan is not a finite number"),
        ("visualization.seed", 1, r"visualization\.seed is not a known key; did you mean 'seeds'\?"),
        ("visualization.seeds", [0, 2**63], r"visualization\.seeds\.1: 9223372036854775808 is greater than the maximum"),
        (
            "visualization.channels",
            {"2.0": [24]},
            r"visualization\.channels: 2\.0 of small has no channel 24; its channels are 0 to 23",
        ),
        (
            "visualization.channels",
            {"layer2.0.bn": [0]},
            r"visualization\.channels: 'layer2\.0\.bn' is neither an analysed block nor a layer of one; did you mean",
        ),
        ("visualization.channels", {"2.0": [1, 1]}, r"visualization\.channels\.2\.0: \[1, 1\] has non-unique elements"),
        ("visualization.seeds", [], r"visualization\.seeds: \[\] should be non-empty"),
        ("visualization.seeds", [1, 1], r"visualization\.seeds: \[1, 1\] has non-unique elements"),
        (
            "ablation.selection",
            "most",
            r"ablation\.selection: 'most' is not one of \['one_seed', 'majority', 'every_seed', 'lagged', 'circuit', 'both'\]",
        ),
        (
            "study.sensitivity.tolerances",
            [1.5, 1],
            r"study\.sensitivity\.tolerances\.1: 1 is less than or equal to the minimum of 1",
        ),
        (
            "study.sensitivity.magnifications",
            [2, 1000],
            r"study\.sensitivity\.magnifications: 1000 leaves nothing of the image",
        ),
        ("study.tuning", [0.5, float("inf")], r"study\.tuning\.1: inf is not a finite number"),
        ("study.tuning", [0.001, 1], r"study\.tuning: 0\.001 shrinks the image to nothing; make it larger"),
        ("study.tuning", [300], r"study\.tuning: 300 leaves nothing of the image; make it smaller"),
        ("measures.circuits", [-0.5, 0, 1], r"measures\.circuits: \[-0\.5, 0, 1\] are not evenly spaced; make them so"),
        (
            "measures.circuits",
            [0, 0.5, 1],
            r"measures\.circuits: \[0, 0\.5, 1\] lack 0, or octaves below or above it; give all three",
        ),
        ("measures.circuits", [-0.5, 0.5], r"measures\.circuits: \[-0\.5, 0\.5\] lack 0, or octaves below or above it"),
        ("measures.circuits", [-4, 0, 4, 8], r"measures\.circuits: 8 octaves leave nothing of the image; make them fewer"),
        ("measures.circuits", [-8, -4, 0, 4], r"measures\.circuits: -8 octaves shrink the image to nothing; make them fewer"),
        ("measures.circuits", [0, 0, 1], r"measures\.circuits: \[0, 0, 1\] has non-unique elements"),
        ("study.controls", ["random"], r"study\.controls\.0: 'random' is not one of \['unscreened', 'matched', 'all'\]"),
        ("study.replacements", ["mean"], r"study\.replacements\.0: 'mean' is not one of \['zero', 'resample'\]"),
        ("study.dose", {"points": 5, "draws": 0}, r"study\.dose\.draws: 0 is less than the minimum of 1"),
        ("visualization.steps", "[", r"visualization\.steps: '\[' is not of type 'integer'"),
        ("visualization.steps", "1:30", r"visualization\.steps: '1:30' is not of type 'integer'"),
        ("model.architecture", "resnet19", r"model\.architecture: unknown network 'resnet19'; did you mean resnet18"),
        ("training.precision", False, r"training\.precision: False is not one of \['fp32', 'fp16', 'bf16'\]"),
        ("training.schedule", "steps", r"training\.schedule: 'steps' is not one of \['step', 'cosine', 'one_cycle'\]"),
        ("training.augmentation.area", [0, 1], r"training\.augmentation\.area\.0: 0 is less than or equal to the minimum of 0"),
        ("training.augmentation.area", [0.5], r"training\.augmentation\.area: \[0\.5\] is too short"),
        ("training.momentum", 1, r"training\.momentum: 1 is greater than or equal to the maximum of 1"),
        ("training.images.scales", "some", r"training\.images\.scales: 'some' is not one of \['trained', 'all'\]"),
        ("training.epoch", 1, r"training\.epoch is not a known key; did you mean 'epochs'\?"),
        (
            "model.stream",
            0.5,
            r"model\.stream: 0\.5 is not to be had, as small adds In as it is; give 1, or an architecture \*_zero_padded",
        ),
        ("model.stream", 1.5, r"model\.stream: 1\.5 is greater than the maximum of 1"),
        ("study.lesions", ["resample"], r"study\.lesions\.0: 'resample' is not one of \['mean', 'zero'\]"),
        ("model.weights", "none.pth", r"model\.weights: there is no file none\.pth; give a file, or for small embedded"),
        ("model.weights", "IMAGENET1K_V1", r"model\.weights: there is no file IMAGENET1K_V1"),
    ],
)
def test_a_fault_is_one_line_with_key_and_mend(key, value, message):
    with pytest.raises(InputError, match=message) as error:
        checking.check(changed(key, value))
    assert str(error.value).startswith("config: ") and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("architecture", "weights", "message"),
    [
        (
            "small_plain",
            "random:0",
            r"model\.stream: 0\.5 is not to be had, as small_plain has no stream; give 1, or an architecture",
        ),
        (
            "small_zero_padded",
            "own.pth",
            r"model\.stream: 0\.5 is of weights that a run makes, and own\.pth holds its own; give 1",
        ),
        (
            "small_zero_padded",
            "random:",
            r"model\.weights: 'random:' has no seed; give random: and a whole number, as random:0",
        ),
        ("small_wide", "embedded", r"model\.weights: there is no file embedded; give a file, or for small_wide random:SEED"),
    ],
)
def test_a_stream_is_of_networks_and_weights_that_can_have_it(architecture, weights, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.pth").touch()
    config = changed("model", DEFAULT["model"] | {"architecture": architecture, "weights": weights, "stream": 0.5})
    if architecture == "small_wide":
        config["model"]["stream"] = 1
    with pytest.raises(InputError, match=message) as error:
        checking.check(config | {"blocks": ["2.1"], "ablation": DEFAULT["ablation"] | {"blocks": []}})
    assert str(error.value).startswith("config: ") and "\n" not in str(error.value)


def test_a_graded_stream_is_of_weights_that_a_run_makes():
    config = changed("model", DEFAULT["model"] | {"architecture": "small_zero_padded", "weights": "random:3", "stream": "0.5"})
    checked = checking.check(config)
    assert checked["model"]["stream"] == 0.5 and (checked["images"]["resize"], checked["images"]["crop"]) == (128, 112)


@pytest.mark.parametrize("octaves", [[], [0, 0.5, 1], [1.5, 0.5, 0, 1], [0, 0.333, 0.667, 1], [0, 3, 6]])
def test_lags_may_be_in_any_order_and_nearly_even(octaves):
    assert checking.check(changed("measures.lags", octaves))["measures"]["lags"] == octaves


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"k": [8, 128]}, r"k: 128 is not below a width of 128 latents; make it smaller, or crosscoder\.widths larger"),
        ({"blocks": ["5.0"]}, r"blocks: small has no block '5\.0'; it has 1\.1, "),
        ({"blocks": "some"}, r"blocks: 'some' is not allowed; Blocks to train crosscoders of"),
        ({"octaves": [0, 0.5, 2]}, r"octaves: \[0, 0\.5, 2\] are not evenly spaced from 0"),
        ({"octaves": [0, 1]}, r"octaves: \[0, 1\] is too short"),
        ({"crops": 291}, r"crops: images of 128 pixels have 290 crops of 112; give 290 at most, or a larger images\.resize"),
        ({"learning_rate": 0}, r"learning_rate: 0 is less than or equal to the minimum of 0"),
        ({"encoder": "half"}, r"encoder: 'half' is not one of \['all', 'unmagnified'\]"),
    ],
)
def test_faults_of_crosscoders(changes, message):
    with pytest.raises(InputError, match=rf"^config: crosscoder\.{message}") as error:
        checking.check(changed("crosscoder", DEFAULT["crosscoder"] | {"blocks": ["3.1"]} | changes))
    assert "\n" not in str(error.value)


def test_crosscoders_are_of_analysed_blocks():
    config = merged(DEFAULT, {"blocks": ["3.1"], "ablation": {"blocks": []}, "crosscoder": {"blocks": ["3.1", "4.1"]}})
    with pytest.raises(InputError, match=r"^config: crosscoder\.blocks: block 4\.1 is not analysed; add it to blocks$"):
        checking.check(config)
    config["crosscoder"]["blocks"] = "all"
    assert checking.check(config)["crosscoder"]["blocks"] == ["3.1"]


def test_superposition_does_not_go_with_everything():
    planted = {"kinds": {"octave": 20, "reversed": 4}, "noise": 1, "superposition": True}
    config = {"model": {"architecture": "planted", "weights": "planted:0", "planted": planted}, "blocks": ["1.1"]}
    config |= {"images": {"source": "gratings"}, "ablation": {"blocks": []}}
    with pytest.raises(InputError) as error:
        checking.check(merged(DEFAULT, config))
    key = "config: model.planted.superposition"
    assert str(error.value).splitlines() == [
        f"{key}: reversed channels take the branch that mixes the others; give {{reversed: 0}}",
        f"{key}: noise would be mixed in too; give noise: 0",
    ]


def test_a_missing_key_is_named():
    config = copy.deepcopy(DEFAULT)
    del config["ablation"]["trials"]
    with pytest.raises(InputError, match=r"ablation\.trials is missing; config\.yaml shows every key"):
        checking.check(config)


def test_a_block_to_ablate_must_be_analysed():
    with pytest.raises(InputError, match=r"ablation\.blocks: block 4\.0 is not analysed; add it to blocks"):
        checking.check(changed("blocks", ["1.1", "2.1"]))


NO_BLOCKS = {
    "model": {"architecture": "inception_v1", "weights": "random:0"},
    "blocks": [],
    "layer_pairs": [["mixed3a", "mixed4a"]],
    "ablation": {"blocks": []},
    "visualization": {"channels": {"mixed4a": [507]}},
}


def test_a_network_without_blocks_is_run_without_them():
    checked = checking.check(merged(DEFAULT, NO_BLOCKS))
    assert checked["blocks"] == [] and checked["images"]["crop"] == 224
    assert checking.check(merged(DEFAULT, NO_BLOCKS | {"layer_pairs": [], "visualization": {}}))
    assert checking.check(merged(DEFAULT, {"blocks": [], "ablation": {"blocks": []}}))["blocks"] == []  # of any network


@pytest.mark.parametrize("asked", [{"blocks": "all"}, {"blocks": ["1.1"]}, {"ablation": {"blocks": ["4.0"]}}])
def test_a_network_without_blocks_says_what_can_be_done(asked):
    message = (
        r"^config: model\.architecture: inception_v1 has no residual block that can be analysed: it has no sum of two maps; "
        r"give blocks: \[\] and ablation: \{blocks: \[\]\}, and layer_pairs to compare channels of its layers$"
    )
    with pytest.raises(InputError, match=message):
        checking.check(merged(merged(DEFAULT, NO_BLOCKS), asked))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"visualization": {"channels": {"mixed4a": [508]}}},
            r"mixed4a of inception_v1 has no channel 508; its channels are 0",
        ),
        ({"visualization": {"channels": {"mixed5a": [0]}}}, r"'mixed5a' is neither an analysed block nor a layer of one"),
        ({"layer_pairs": [["mixed3a", "softmax2"]]}, r"inception_v1 has no layer 'softmax2' with channels to compare"),
        ({"visualization": {"jitter": 224}}, r"visualization\.jitter: 224 is not below images\.crop"),
    ],
)
def test_faults_of_pairs_of_layers(changes, message):
    with pytest.raises(InputError, match=message):
        checking.check(merged(merged(DEFAULT, NO_BLOCKS), changes))


def test_a_dotted_key_is_shown_as_a_nested_one():
    message = r"config: ablation\.trials is not a known key; write it as a key of ablation, ablation: \{trials: \.\.\.\}"
    with pytest.raises(InputError, match=message):
        checking.check(DEFAULT | {"ablation.trials": 12})


def test_several_faults_are_a_line_each():
    config = changed("visualization.steps", 0)
    config["criteria"]["tolerance"] = 0
    with pytest.raises(InputError) as error:
        checking.check(config)
    assert len(str(error.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: None, "there is no folder"),
        (lambda folder: folder.mkdir(), "holds no image"),
        (lambda folder: (folder / "n01440764").mkdir(parents=True), "holds no image"),
    ],
)
def test_a_missing_or_empty_image_folder(tmp_path, make, message):
    make(tmp_path / "images")
    config = changed("images.source", "wnid_folders")
    config["images"]["root"] = str(tmp_path / "images")
    with pytest.raises(InputError, match=rf"images\.root: .*{message}.*give the folder of the images"):
        checking.check(config)


def test_images_may_be_behind_links(tmp_path):
    (tmp_path / "stored").mkdir()
    (tmp_path / "stored" / "a.jpg").touch()
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a").symlink_to(tmp_path / "stored")
    config = changed("images.source", "class_folders")
    config["images"]["root"] = str(tmp_path / "images")
    assert checking.check(config)
    (tmp_path / "stored" / "a.jpg").unlink()
    (tmp_path / "stored" / "back").symlink_to(tmp_path / "images")
    with pytest.raises(InputError, match="holds no image"):
        checking.check(config)


def test_numbers_and_names_that_yaml_or_the_command_line_read_otherwise():
    config = changed("blocks", [2.1, 3.1])
    config["ablation"] |= {"blocks": [2.1], "slack": {2.1: "0.5"}, "trials": "3"}
    checked = checking.check(config)
    assert checked["blocks"] == ["2.1", "3.1"] and checked["ablation"]["slack"] == {"2.1": 0.5}
    assert checked["ablation"]["trials"] == 3


def test_whole_floats_are_integers_and_folders_may_be_named_like_numbers(tmp_path, monkeypatch):
    config = changed("ablation.trials", 3.0)
    config["visualization"]["channels_per_job"] = 48.0
    config["images"]["skip_unreadable"] = "true"
    checked = checking.check(config)
    assert repr(checked["ablation"]["trials"]) == "3" and repr(checked["visualization"]["channels_per_job"]) == "48"
    assert checked["images"]["skip_unreadable"] is True
    monkeypatch.chdir(tmp_path)
    for name in ("2024", "yes"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.jpg").touch()
        config["images"] |= {"source": "class_folders", "root": name}
        assert checking.check(config)["images"]["root"] == name


def test_imagenets_weights_do_not_go_with_the_drawn_images():
    config = changed("model.weights", "IMAGENET1K_V1")
    config["model"]["architecture"] = "resnet18"
    with pytest.raises(InputError, match="images.source: the drawn images are none of ImageNet's classes"):
        checking.check(config)


@pytest.mark.parametrize(
    ("images", "root", "message"),
    [
        ({}, "photos", r"training\.images\.root: photos is not read, as images\.source demo draws its images"),
        (FOLDERS, None, r"training\.images\.root is missing; images\.source class_folders needs the folder"),
        (FOLDERS, "no", r"training\.images\.root: there is no folder no; give the folder of the images"),
        (FOLDERS, "empty", r"training\.images\.root: the folder empty holds no image"),
        (FOLDERS, "./val", r"training\.images\.root: \./val is images\.root too; give images that the run does not validate"),
        ({"source": "gratings"}, None, r"model\.weights: trained needs images to train with, and no gratings are drawn"),
    ],
)
def test_images_to_train_with(tmp_path, monkeypatch, images, root, message):
    """Which are not asked for where nothing is trained."""
    monkeypatch.chdir(tmp_path)
    for folder in ("val", "train", "empty"):
        (tmp_path / folder).mkdir()
    for folder in ("val", "train"):
        (tmp_path / folder / "a.jpg").touch()
    config = merged(DEFAULT, {"images": images, "training": {"images": {"root": root}}})
    assert checking.check(config)
    config = merged(config, {"model": {"weights": "trained"}})
    with pytest.raises(InputError, match=message) as error:
        checking.check(config)
    assert "\n" not in str(error.value)
    if images == FOLDERS:
        assert checking.check(merged(config, {"training": {"images": {"root": "train"}}}))


def test_an_area_goes_from_the_smaller_to_the_larger():
    config = merged(DEFAULT, {"model": {"weights": "trained"}, "training": {"augmentation": {"area": [1, 0.08]}}})
    with pytest.raises(InputError, match=r"training\.augmentation\.area: \[1, 0\.08\] goes from the larger to the smaller"):
        checking.check(config)
