"""What each step depends on, by hand: a change of anything else must not rerun it."""

import copy

import pytest
import yaml

from conftest import REPOSITORY, blocks_of
from scalestream.config import dependencies
from scalestream.config.completion import complete
from scalestream.config.dependencies import chunks
from scalestream.networks.architectures import description

SMALL = description("small")
DEFAULT = complete(yaml.safe_load((REPOSITORY / "config.yaml").read_text()), SMALL)
NORMALIZATION = {"images.mean": [0.485, 0.456, 0.406], "images.std": [0.229, 0.224, 0.225]}
IMAGES = {"images.resize": 128, "images.crop": 112, "images.interpolation": "bilinear", **NORMALIZATION}
OPTIMIZATION = {
    "images.crop": 112,
    **NORMALIZATION,
    "visualization.steps": 64,
    "visualization.learning_rate": 0.05,
    "visualization.sd": 0.01,
    "visualization.scales": [1, 0.975, 1.025, 0.95, 1.05],
    "visualization.angles": [-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5],
    "visualization.silent": "climb_sum",
}


def changed(**values) -> dict:
    """The default configuration with other values by dotted key, whose dots are written as two underscores."""
    config = copy.deepcopy(DEFAULT)
    for key, value in values.items():
        *path, name = key.split("__")
        place = config
        for part in path:
            place = place[part]
        place[name] = value
    return config


def test_an_optimisation_depends_on_its_own_settings_and_the_jitter_of_its_layers():
    found = dependencies.optimization(DEFAULT, ["layer2.1.bn2", "layer4.1", "layer1.0"], 3)
    assert found == OPTIMIZATION | {
        "visualization.seed": 3,
        "jitter": {"layer2.1.bn2": 4, "layer4.1": 8, "layer1.0": 0},
    }


def test_a_jitter_of_another_layer_does_not_rerun_an_optimisation():
    jitters = DEFAULT["visualization"]["jitter_by_layer"]
    before = dependencies.optimization(DEFAULT, ["layer2.1.bn2"], 0)
    other = changed(visualization__jitter_by_layer=jitters | {"layer2.0": 6, "layer4.1": 6}, visualization__jitter=12)
    assert dependencies.optimization(other, ["layer2.1.bn2"], 0) == before
    own = changed(visualization__jitter_by_layer=jitters | {"layer2.1.bn2": 6})
    assert dependencies.optimization(own, ["layer2.1.bn2"], 0)["jitter"] == {"layer2.1.bn2": 6}
    assert dependencies.optimization(changed(visualization__jitter=12), ["layer4.1"], 0)["jitter"] == {"layer4.1": 12}


def test_accuracies_of_the_intact_network_depend_on_the_views_alone():
    found = dependencies.robustness(changed(robustness__magnifications=[2, 1.41, 0.9]))
    assert found == IMAGES | {"magnifications": [0.9, 1, 1.41, 2]}
    assert found == dependencies.robustness(changed(robustness__magnifications=[2.0, 1, 0.9, 1.41], blocks=["2.1"]))


def test_crosscoders_of_a_block():
    found = dependencies.crosscoder_runs(changed(crosscoder__widths=[128, 64], crosscoder__k=[8, 4], crosscoder__seeds=[3, 0]))
    listed = [tuple(run[name] for name in ("pairing", "seed", "width", "k")) for run in found]
    main = [(pairing, seed, 128, 8) for pairing in ("paired", "shuffled") for seed in (3, 0)]
    assert listed == [*main, ("paired", 3, 128, 4), ("paired", 3, 64, 8)]


def test_activations_of_crosscoders_depend_on_the_views_alone():
    found = dependencies.crosscoder_activations(changed(crosscoder__octaves=[1.0, 0, 0.5], crosscoder__steps=7))
    assert found == IMAGES | {"octaves": [0, 0.5, 1], "crosscoder.crops": 4, "crosscoder.equal_blur": False}


def test_only_pictures_need_a_post_that_is_no_analysed_blocks_in():
    small = blocks_of("small")
    assert dependencies.pictured_posts(small.values()) == {
        f"layer{name}": [small[name]] for name in ("1.1", "2.1", "3.1", "4.1")
    }
    some = [small[name] for name in ("2.0", "3.0", "3.1")]
    assert list(dependencies.pictured_posts(some)) == ["layer2.0", "layer3.1"]
    pair = SMALL.by_name["2.0-2.1"]
    assert dependencies.pictured_posts([small["2.1"], pair]) == {"layer2.1": [small["2.1"], pair]}


def test_pictures_of_post_depend_on_the_channels_that_figure_1_names_of_their_block():
    config = changed(figures__figure1={"2.1": [7, 3, 7], "3.1": [9]}, visualization__seeds=[4, 0])
    expected = OPTIMIZATION | {"visualization.seed": 4, "jitter": {"layer2.1": 8}, "figure1": [3, 7]}
    assert dependencies.posts(config, "layer2.1", [blocks_of("small")["2.1"]]) == expected
    assert dependencies.posts(config, "layer1.1", [blocks_of("small")["1.1"]])["figure1"] == []


def test_a_first_look_has_the_layers_of_blocks_and_single_layers():
    """A name that is both, as V2.t0 of CORnet-S, is the block."""
    config = changed(visualization__channels={"layer2.1": [9], "2.1": [7, 3]})
    assert dependencies.first_look(config, blocks_of("small").values()) == [
        {"layers": {"2.1 In": "layer2.0", "2.1 Pre": "layer2.1.bn2", "2.1 Post": "layer2.1"}, "channels": [3, 7]},
        {"layers": {"layer2.1": "layer2.1"}, "channels": [9]},
    ]
    (both,) = dependencies.first_look(changed(visualization__channels={"V2.t0": [1]}), blocks_of("cornet_s").values())
    assert list(both["layers"]) == ["V2.t0 In", "V2.t0 Pre", "V2.t0 Post"]


def test_more_seeds_and_larger_jobs_do_not_rerun_an_optimisation():
    before = dependencies.optimization(DEFAULT, ["layer2.1"], 0)
    other = changed(
        visualization__seeds=[0, 1, 2], visualization__channels_per_job=8, images__resize=120, criteria__tolerance=2
    )
    assert dependencies.optimization(other, ["layer2.1"], 0) == before
    for change in (
        {"visualization__steps": 65},
        {"visualization__sd": 0.02},
        {"images__crop": 96},
        {"visualization__angles": [0]},
        {"visualization__silent": "lucent"},
    ):
        assert dependencies.optimization(changed(**change), ["layer2.1"], 0) != before


@pytest.mark.parametrize("seed", [7, "7"])
def test_a_seed_is_the_same_number_from_a_file_name_and_from_the_configuration(seed):
    assert repr(dependencies.optimization(DEFAULT, ["layer2.1"], seed)["visualization.seed"]) == "7"


def test_equal_numbers_are_equal_settings():
    one, other = changed(visualization__steps=64.0, visualization__scales=[1.0, 2]), changed(visualization__scales=[1, 2.0])
    assert repr(dependencies.optimization(one, ["layer2.1"], 0)) == repr(dependencies.optimization(other, ["layer2.1"], 0))


def test_a_selection_depends_on_what_is_listed_of_its_block_alone():
    config = changed(ablation__channels={"2.0": [7, 3], "4.0": [1]}, ablation__selection="majority")
    assert dependencies.selection(config, "2.0") == {"ablation.channels": [3, 7]}
    assert dependencies.selection(config, "3.1") == {"ablation.selection": "majority"}


def test_a_screening_depends_on_the_slack_of_its_block_alone():
    config = changed(ablation__slack={"2.0": 0.01, "4.0": 0.5}, ablation__seed=4)
    assert dependencies.screening(config, "2.0", "random") == IMAGES | {"ablation.seed": 4, "slack": 0.01}
    assert dependencies.screening(config, "3.1", "random") == IMAGES | {"ablation.seed": 4, "slack": 0}
    more = changed(ablation__slack={"2.0": 0.01}, ablation__seed=4, ablation__trials=50, ablation__scale_percents=[10])
    assert dependencies.screening(more, "2.0", "random") == dependencies.screening(config, "2.0", "random")


@pytest.mark.parametrize("replacement", ["mean", "zero", "resample"])
def test_of_the_replacements_only_the_one_that_is_drawn_depends_on_the_seed(replacement):
    """Trials read their channels from the screening, which depends on it."""
    expected = IMAGES | {"ablation.crop_convention": "paper", "percents": [10, 20, 50]}
    config = changed(ablation__seed=9, ablation__scale_percents=[50, 10, 20])
    found = dependencies.ablation(config, replacement)
    assert found == expected | ({"ablation.seed": 9} if replacement == "resample" else {})
    assert found["percents"] == [10, 20, 50]


def test_doses_depend_on_their_points_and_draws():
    config = changed(ablation__seed=9, ablation__scale_percents=[50, 10], study__dose={"points": 3, "draws": 2})
    assert dependencies.doses(config) == IMAGES | {
        "ablation.crop_convention": "paper",
        "ablation.seed": 9,
        "study.dose": {"draws": 2, "points": 3},
        "percents": [10, 50],
    }


def test_thresholds_are_in_ascending_order():
    config = changed(study__sensitivity={"tolerances": [3, 1.2], "gain_margins": [0.5, 0, 0.1], "magnifications": [3.0, 1.5]})
    assert dependencies.thresholds(config) == {"tolerance": [1.2, 3], "gain_margin": [0, 0.1, 0.5], "magnification": [1.5, 3]}
    assert dependencies.thresholds(DEFAULT) == {"tolerance": [], "gain_margin": [], "magnification": []}


def test_responses_are_measured_at_all_magnifications_that_any_part_of_a_study_needs():
    """1 and that of S always; the paper's 2 beside those of the sensitivity."""
    assert dependencies.magnifications(DEFAULT) == [1, 2]
    assert dependencies.magnifications(changed(criteria__magnification=3)) == [1, 3]
    sensitivity = DEFAULT["study"]["sensitivity"]
    config = changed(
        criteria__magnification=3, study__tuning=[2.0, 0.5, 1.0], study__sensitivity=sensitivity | {"magnifications": [4, 1.5]}
    )
    assert dependencies.magnifications(config) == [0.5, 1, 1.5, 2, 3, 4]


def test_a_comparison_has_what_decides_whether_numbers_may_be_compared():
    blocks = SMALL.select(["2.0", "4.1"], "blocks")
    found = dependencies.comparison(DEFAULT, blocks)
    assert found == OPTIMIZATION | {
        "model.architecture": "small",
        "model.weights": "embedded",
        "images.source": "demo",
        "images.resize": 128,
        "images.interpolation": "bilinear",
        "criteria.tolerance": 1.5,
        "criteria.magnification": 2,
        "criteria.center": "image",
        "ablation.selection": "one_seed",
        "ablation.crop_convention": "paper",
        "ablation.trials": 10,
        "ablation.slack": {},
        "ablation.channels": [],
        "visualization.jitter": {"2.0": {"In": 0, "Pre": 0, "Post": 0}, "4.1": {"In": 8, "Pre": 8, "Post": 8}},
    }
    other = changed(
        blocks=["2.0"],
        criteria__rewirings=200,
        ablation__scale_percents=[10],
        ablation__seed=5,
        images__demo={"per_class": 1, "seed": 1},
    )
    assert dependencies.comparison(other, blocks) == found
    listed = changed(ablation__channels={"4.1": [1], "2.0": [7, 3]})
    assert dependencies.comparison(listed, blocks) == found | {"ablation.channels": ["2.0", "4.1"]}


@pytest.mark.parametrize(
    ("count", "size", "expected"),
    [
        (10, 10, ["0-10"]),
        (11, 10, ["0-10", "10-11"]),
        (3, 10, ["0-3"]),
        (4, 2, ["0-2", "2-4"]),
        (3, 1, ["0-1", "1-2", "2-3"]),
        (0, 5, []),
    ],
)
def test_chunks_cover_the_range_once(count, size, expected):
    assert chunks(count, size) == expected


def test_a_training_depends_on_the_steps_of_its_rate_only_where_it_goes_down_in_steps():
    before = dependencies.training(DEFAULT)
    assert before == IMAGES | {
        "training.seed": 0,
        "training.epochs": 10,
        "training.batch_size": 64,
        "training.learning_rate": 0.1,
        "training.momentum": 0.9,
        "training.weight_decay": 0.0005,
        "training.schedule": "one_cycle",
        "training.augmentation.area": [0.08, 1],
        "training.augmentation.mirror": True,
        "training.precision": "fp32",
    }
    assert dependencies.training(changed(training__step_epochs=3, training__step_factor=0.5)) == before
    in_steps = dependencies.training(changed(training__schedule="step", training__step_epochs=3))
    expected = {"training.schedule": "step", "training.step_epochs": 3, "training.step_factor": 0.1}
    assert in_steps == before | expected
