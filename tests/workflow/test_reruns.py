"""What runs again when something changed, and that nothing else does: every key of the configuration, edits, images."""

import os
import re
import shutil
from collections import Counter
from functools import cache, reduce
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import torch
import yaml

from conftest import REPOSITORY, randomized
from runs import TINY, TINY_STUDY, completed, forked, overlaid, planned, readers, rules_in, snakemake, state, table
from scalestream.figures.catalogue import FIGURES
from scalestream.images import demo

OF_OTHER_NETWORKS = {  # planted, recurrent, trained
    *("list_planted_channels", "compute_recovery", "recover_by_crosscoder", "compare_time_steps", "train")
}
PLOTS = {f"plot_{name}" for name in FIGURES} - {"plot_recovery", "plot_time_steps", "plot_training"}
OF_A_FAMILY = rules_in("comparison") | {"index_atlases", "take_images"}
OF_A_FIRST_LOOK = {"plot_first_look", "first_look"}

# What reads the files of which rule: some of what the workflow has to say of itself.
READ = {
    ("resolve_model", "visualize"),
    ("list_images", "cache_images"),
    ("cache_images", "ablate"),
    ("visualize", "measure_responses_to_visualizations"),
    ("visualize", "measure_layer_pair"),
    ("measure_layer_pair", "visualize_matches"),
    ("visualize_matches", "judge_layer_pair"),
    ("measure_responses_to_visualizations", "evaluate_criteria"),
    ("measure_responses_to_visualizations", "rewire"),
    ("gather_null", "plot_passing"),
    ("gather_visualizations", "measure_responses"),
    ("evaluate_criteria", "select_channels"),
    ("evaluate_criteria", "visualize_whole_channels"),
    ("evaluate_criteria", "visualize_posts"),
    ("visualize_posts", "draw_thumbnails"),
    ("select_channels", "screen_candidates"),
    ("summarize_activations", "ablate_no_scale"),
    ("extract_activations", "lesion"),
    ("cache_images", "measure_lags"),
    ("cache_images", "measure_robustness"),
    ("measure_lags", "gather_lag_profiles"),
    ("screen_candidates", "ablate"),
    ("select_channels", "ablate_doses"),
    ("ablate", "gather_variants"),
    ("gather_variants", "compute_effects"),
    ("measure_responses", "compute_sensitivity"),
    ("draw_thumbnails", "build_atlas"),
    ("compute_ratios", "plot_figure2"),
    ("cache_images", "sample_views"),
    ("sample_views", "analyze_crosscoder"),
    ("train_crosscoder", "gather_training_of_crosscoders"),
    ("gather_training_of_all_crosscoders", "plot_crosscoder_explained"),
    ("gather_crosscoders", "plot_crosscoder_latents"),
}
NOT_READ = {
    ("gather_criteria", "ablate"),
    ("rewire", "evaluate_criteria"),
    ("visualize", "extract_activations"),
    ("cache_images", "visualize"),
    ("ablate", "gather_candidates"),
    ("compute_sensitivity", "evaluate_criteria"),
    ("visualize_posts", "measure_responses"),
    ("draw_thumbnails", "ablate"),
    ("measure_lags", "evaluate_criteria"),
    ("measure_robustness", "build_atlas"),
    ("select_channels", "lesion"),
    ("extract_activations", "measure_layer_pair"),
    ("train_crosscoder", "build_atlas"),
    ("measure_lags", "analyze_crosscoder"),
}


@cache
def graph() -> dict[str, set[str]]:
    with TemporaryDirectory() as empty:
        return readers(Path(empty), TINY_STUDY)


def affected(*rules: str) -> set[str]:
    """The rules, and all that reads what they write, directly or not."""
    found, waiting = set(), list(rules)
    while waiting:
        rule = waiting.pop()
        if rule not in found:
            found.add(rule)
            waiting += graph()[rule]
    return found


def visualization() -> set[str]:
    return affected("visualize", "visualize_whole_channels", "visualize_latents")


def pairs() -> set[str]:
    """What is asked of a pair of layers, In and Post of block 2.1."""
    return {
        rule for rule in affected("measure_layer_pair") if "layer_pair" in rule or "match" in rule or "channel_pair" in rule
    }


def but_for_the_ablation() -> set[str]:
    """Those of the visualization, without what shows, ablates or compares another block, and what sums that up."""
    return visualization() - {
        *pairs(),
        "visualize_latents",
        "build_latent_page",
        "visualize_posts",
        "select_channels",
        "ablate_no_scale",
        "screen_candidates",
        "ablate",
        "gather_candidates",
        "gather_ablation",
        "compute_ratios",
        "plot_accuracy",
        "plot_figure2",
        "summarize_acceptance",
        "plot_acceptance",
        "ablate_doses",
        "gather_doses",
        "plot_dose_response",
        "gather_variants",
        "compute_effects",
        "plot_effects",
    }


def shown_layer() -> set[str]:
    """What a layer that no criterion reads goes into."""
    return affected("visualize_posts", "visualize_matches", "visualize_whole_channels", "compare_with_paper")


def added_seed() -> set[str]:
    judged = {"visualize", "measure_responses_to_visualizations", "evaluate_criteria"}
    return judged | affected("rewire", "summarize_stability", "compute_sensitivity")


def draws() -> set[str]:
    """What random draws go into."""
    return affected("screen_candidates", "screen_latents")


def trials() -> set[str]:
    """What accuracies at a scale go into."""
    return affected("ablate", "ablate_latents", "ablate_doses", "lesion")


def pixels() -> set[str]:
    """Of what the network is given, of images and of visualizations."""
    return visualization() | affected("extract_activations", "measure_lags", "measure_robustness", "sample_views")


def main_crosscoders() -> set[str]:
    """What is made of the crosscoders that are analyzed, and of no other."""
    return affected("analyze_crosscoder") - affected("gather_training_of_crosscoders")


ABLATION_OF_LATENTS = {  # rules of the ablation of channels, with other inputs
    *("ablate_no_scale_of_latents", "screen_latents", "ablate_latents"),
    *("gather_latent_ablation", "compute_latent_ratios"),
}
RETRAINED = {"train", "resolve_model"}
REDRAWN = {"draw_training_images", "list_training_images", "cache_training_images", *RETRAINED}
# Of weights that a run trains: each key, a change of it, and the rules up to the model that it reruns.
OF_A_TRAINING = {
    f"training.{key}": ({"training": changes}, expected)
    for key, changes, expected in [
        ("seed", {"seed": 1}, RETRAINED),
        ("epochs", {"epochs": 1}, RETRAINED),
        ("batch_size", {"batch_size": 24}, RETRAINED),
        ("learning_rate", {"learning_rate": 0.2}, RETRAINED),
        ("momentum", {"momentum": 0.8}, RETRAINED),
        ("weight_decay", {"weight_decay": 0}, RETRAINED),
        ("schedule", {"schedule": "step"}, RETRAINED),
        ("step_epochs", {"step_epochs": 7}, set()),  # of another schedule
        ("step_factor", {"step_factor": 0.7}, set()),
        ("augmentation.area", {"augmentation": {"area": None}}, RETRAINED),
        ("augmentation.mirror", {"augmentation": {"mirror": False}}, RETRAINED),
        ("precision", {"precision": "bf16"}, RETRAINED),
        ("images.per_class", {"images": {"per_class": 7}}, REDRAWN),
        ("images.scales", {"images": {"scales": "all"}}, REDRAWN),
    ]
}

# Every key, a change of it, and the rules that it reruns. Weights and images are files that a fixture puts there.
KEYS = {
    "model.architecture": (
        {"model": {"architecture": "resnet18", "weights": "resnet18.pth"}},
        lambda: affected("resolve_model", "draw_demo_images"),  # its weights expect larger images
    ),
    "model.weights": ({"model": {"weights": "other.pth"}}, lambda: affected("resolve_model")),
    "model.planted.kinds": (
        {"model": {"planted": {"kinds": {"same": 24}}}},
        set,
    ),  # another network's; see test_workflow_planted
    "model.planted.noise": ({"model": {"planted": {"noise": 1}}}, set),
    "model.planted.superposition": ({"model": {"planted": {"superposition": True}}}, set),
    "images.source": ({"images": {"source": "class_folders", "root": "drawn"}}, lambda: affected("list_images")),
    "images.skip_unreadable": ({"images": {"skip_unreadable": True}}, lambda: affected("list_images")),
    "images.resize": ({"images": {"resize": 130}}, lambda: affected("draw_demo_images")),
    "images.crop": (
        {"images": {"crop": 108}},
        lambda: pixels() | affected("compute_circuits"),
    ),
    "images.interpolation": ({"images": {"interpolation": "bicubic"}}, lambda: affected("cache_images")),
    "images.mean": (
        {"images": {"mean": [0.5, 0.5, 0.5]}},
        pixels,
    ),
    "images.std": (
        {"images": {"std": [0.5, 0.5, 0.5]}},
        lambda: pixels() | affected("compute_circuits"),
    ),
    "images.cache": ({"images": {"cache": False}}, set),
    "images.batch_size": ({"images": {"batch_size": 5}}, set),
    "images.demo.per_class": ({"images": {"demo": {"per_class": 5}}}, lambda: affected("draw_demo_images")),
    "images.demo.seed": ({"images": {"demo": {"per_class": 4, "seed": 1}}}, lambda: affected("draw_demo_images")),
    "blocks": (
        {"blocks": ["1.1", "2.0", "2.1"]},
        lambda: (
            (visualization() | affected("extract_activations", "measure_lags", "compute_circuits"))
            - {"select_channels", "visualize_latents", "build_latent_page", *pairs()}
        ),
    ),
    "layer_pairs": (  # whose later layer is visualized anyway
        {"layer_pairs": [["layer2.0", "layer2.1"], ["layer2.0", "layer2.1.bn2"]]},
        lambda: affected("measure_layer_pair") - {"visualize_matches"},
    ),
    "visualization.steps": ({"visualization": {"steps": 17}}, visualization),
    "visualization.learning_rate": ({"visualization": {"learning_rate": 0.04}}, visualization),
    "visualization.sd": ({"visualization": {"sd": 0.02}}, visualization),
    "visualization.jitter": (
        {"visualization": {"jitter": 7}},  # that of layer2.1 alone; jitter_by_layer names the others
        shown_layer,
    ),
    "visualization.jitter_by_layer": ({"visualization": {"jitter_by_layer": {"layer2.0.bn2": 4}}}, but_for_the_ablation),
    "visualization.scales": ({"visualization": {"scales": [1, 1.1]}}, visualization),
    "visualization.angles": ({"visualization": {"angles": [0, 3]}}, visualization),
    "visualization.silent": ({"visualization": {"silent": "lucent"}}, visualization),
    "visualization.post": (
        {"visualization": {"post": "all"}},
        lambda: {"visualize", "gather_visualizations"} | affected("summarize_objective", "draw_thumbnails", "judge_layer_pair"),
    ),
    "visualization.seeds": ({"visualization": {"seeds": [0, 1, 2]}}, added_seed),
    "visualization.channels": ({"visualization": {"channels": {"2.1": [3]}}}, set),  # of a first look alone
    "visualization.channels_per_job": ({"visualization": {"channels_per_job": 12}}, lambda: affected("visualize")),
    "criteria.tolerance": ({"criteria": {"tolerance": 1.6}}, lambda: affected("evaluate_criteria", "rewire")),
    "criteria.magnification": (
        {"criteria": {"magnification": 3}},
        lambda: affected("measure_responses_to_visualizations", "measure_responses", "measure_layer_pair"),
    ),
    "criteria.center": (
        {"criteria": {"center": "neuron"}},
        lambda: affected("measure_responses_to_visualizations", "measure_responses", "measure_layer_pair"),
    ),
    "criteria.rewirings": ({"criteria": {"rewirings": 200}}, lambda: affected("rewire", "judge_layer_pair")),
    "criteria.pairs": (
        {"criteria": {"pairs": [["2.0", "2.1"]]}},
        lambda: (
            (but_for_the_ablation() | affected("measure_lags", "compute_circuits")) - {"visualize", "gather_visualizations"}
            | {"visualize_posts"}
        ),
    ),
    "measures.lags": ({"measures": {"lags": [0, 0.5, 1]}}, lambda: affected("measure_lags")),
    "measures.circuits": ({"measures": {"circuits": [-0.5, 0, 0.5]}}, lambda: affected("compute_circuits")),
    "measures.resamples": ({"measures": {"resamples": 200}}, lambda: affected("measure_lags")),
    "crosscoder.blocks": (
        {"crosscoder": {"blocks": "all"}},
        lambda: affected("sample_views") - ABLATION_OF_LATENTS - {"select_latents"},  # of a block that was there before
    ),
    "crosscoder.octaves": ({"crosscoder": {"octaves": [0, 0.5, 1]}}, lambda: affected("sample_views")),
    "crosscoder.crops": ({"crosscoder": {"crops": 3}}, lambda: affected("sample_views")),
    "crosscoder.equal_blur": ({"crosscoder": {"equal_blur": True}}, lambda: affected("sample_views")),
    "crosscoder.encoder": ({"crosscoder": {"encoder": "unmagnified"}}, lambda: affected("train_crosscoder")),
    "crosscoder.widths": ({"crosscoder": {"widths": [12, 10]}}, lambda: affected("train_crosscoder") - main_crosscoders()),
    "crosscoder.k": ({"crosscoder": {"k": [2, 3, 4]}}, lambda: affected("train_crosscoder") - main_crosscoders()),
    "crosscoder.seeds": ({"crosscoder": {"seeds": [0, 1]}}, lambda: affected("train_crosscoder")),
    "crosscoder.steps": ({"crosscoder": {"steps": 6}}, lambda: affected("train_crosscoder")),
    "crosscoder.batch_size": ({"crosscoder": {"batch_size": 17}}, lambda: affected("train_crosscoder")),
    "crosscoder.shown": ({"crosscoder": {"shown": 3}}, lambda: affected("visualize_latents", "draw_latent_examples")),
    "crosscoder.learning_rate": ({"crosscoder": {"learning_rate": 0.001}}, lambda: affected("train_crosscoder")),
    "ablation.blocks": (
        {"ablation": {"blocks": ["2.0", "2.1"]}},
        lambda: affected("select_channels", "compose_grids", "lesion") | {"plot_latent_ratios"},
    ),
    "ablation.selection": ({"ablation": {"selection": "majority"}}, lambda: affected("select_channels")),
    "ablation.channels": ({"ablation": {"channels": {"2.1": [3, 5]}}}, lambda: affected("select_channels")),
    "ablation.scale_percents": ({"ablation": {"scale_percents": [20]}}, trials),
    "ablation.crop_convention": (
        {"ablation": {"crop_convention": "author_code"}},
        trials,
    ),
    "ablation.trials": ({"ablation": {"trials": 3}}, draws),
    "ablation.trials_per_job": ({"ablation": {"trials_per_job": 1}}, draws),
    "ablation.max_candidates": (  # of the paper's control, whose run fails where they are used up, nothing
        {"ablation": {"max_candidates": 150}},
        lambda: affected("gather_candidates", "gather_variants", "screen_latents") | {"screen_candidates", "ablate"},
    ),
    "ablation.slack": ({"ablation": {"slack": {"2.1": 0.5}}}, draws),
    "ablation.seed": ({"ablation": {"seed": 1}}, lambda: draws() | affected("ablate_doses")),
    "robustness.magnifications": ({"robustness": {"magnifications": [1.4]}}, lambda: affected("measure_robustness")),
    "study.sensitivity.tolerances": ({"study": {"sensitivity": {"tolerances": [2]}}}, lambda: affected("compute_sensitivity")),
    "study.sensitivity.gain_margins": (
        {"study": {"sensitivity": {"gain_margins": [0.2]}}},
        lambda: affected("compute_sensitivity"),
    ),
    "study.sensitivity.magnifications": (
        {"study": {"sensitivity": {"magnifications": [2.5]}}},
        lambda: affected("measure_responses"),
    ),
    "study.tuning": ({"study": {"tuning": [0.6, 1, 2]}}, lambda: affected("measure_responses")),
    "study.natural_criteria": ({"study": {"natural_criteria": False}}, lambda: affected("build_atlas")),
    "study.nulls": ({"study": {"nulls": ["rotated"]}}, lambda: affected("judge_changed_images")),
    "study.controls": ({"study": {"controls": ["unscreened"]}}, lambda: affected("gather_candidates", "gather_variants")),
    "study.replacements": ({"study": {"replacements": ["resample"]}}, lambda: affected("gather_variants")),
    "study.lesions": ({"study": {"lesions": ["zero"]}}, lambda: affected("lesion")),
    "study.dose.points": ({"study": {"dose": {"points": 1}}}, lambda: affected("ablate_doses")),
    "study.dose.draws": ({"study": {"dose": {"draws": 3}}}, lambda: affected("ablate_doses")),
    "study.resamples": ({"study": {"resamples": 60}}, lambda: affected("compute_effects")),
    "figures.figure1": ({"figures": {"figure1": {"2.1": [3]}}}, lambda: affected("visualize_posts", "compose_grids")),
    "atlas.natural_images": ({"atlas": {"natural_images": False}}, lambda: affected("build_atlas", "build_latent_page")),
    "replace": ({"replace": True}, set),
    **{  # of other weights; see test_workflow_trained
        key: (changes, set) for key, (changes, _) in OF_A_TRAINING.items()
    },
}
OF_ANOTHER_EXPERIMENT = {
    "model.architecture": "model.architecture is small there and resnet18 here",
    "model.weights": "model.weights is embedded there and other.pth (",
    "images.source": "images.source is demo there and class_folders here",
    "images.demo.per_class": "images.demo is {'per_class': 4, 'seed': 0} there and {'per_class': 5, 'seed': 0} here",
    "images.demo.seed": "images.demo is {'per_class': 4, 'seed': 0} there and {'per_class': 4, 'seed': 1} here",
}

EQUAL = {
    "numbers": {"visualization": {"steps": 16.0, "jitter": 8.0}, "criteria": {"tolerance": 3.0}},
    "block names": {"blocks": [2.0, 2.1], "ablation": {"blocks": [2.1]}},
    "orders": {
        "blocks": ["2.1", "2.0"],
        "ablation": {"scale_percents": [50, 20]},
        "study": {"tuning": [2.0, 1, 0.5], "sensitivity": {"tolerances": [3, 1.2]}},
        "robustness": {"magnifications": [2.0, 1, 1.4]},
        "crosscoder": {"octaves": [1.5, 0, 1.0, 0.5]},
        "measures": {"lags": [1.5, 0, 1.0, 0.5], "circuits": [1.5, 1.25, 1.0, 0.75, 0.5, 0.25, 0, -0.25, -0.5]},
    },
    "what is so already": {"visualization": {"jitter_by_layer": {"layer2.0.bn2": 0}}},
}

SWAPS = {
    "two numbers": ({"visualization": {"learning_rate": 0.01, "sd": 0.05}}, visualization),
    "two layers": (
        {"visualization": {"jitter_by_layer": {"layer2.0.bn2": 4, "layer2.1.bn2": 0}}},
        lambda: visualization() - pairs(),
    ),
    "the first seed": (
        {"visualization": {"seeds": [1, 0]}},
        lambda: (
            affected(
                *("gather_visualizations", "gather_criteria", "select_channels", "visualize_whole_channels", "visualize_posts"),
                "visualize_latents",
                *("apply_rules", "judge_changed_images", "gather_nulls", "measure_layer_pair"),
            )
            | {"plot_passing"}
        ),
    ),
    "the order of a choice": ({"visualization": {"scales": [0.975, 1, 1.025, 0.95, 1.05]}}, visualization),
}


@pytest.fixture(scope="module")
def folder(study, tmp_path_factory):
    """A copy of the finished tiny study, with weights and images to change to."""
    folder = tmp_path_factory.mktemp("reruns") / "run"
    shutil.copytree(study, folder)
    torch.save(randomized("small", 12).state_dict(), folder / "other.pth")
    torch.save(randomized("resnet18", 12).state_dict(), folder / "resnet18.pth")
    demo.write_images(folder / "drawn", 1, 128, 0)
    return folder


def rules(folder, changes, *arguments) -> set[str]:
    return set(planned(folder, overlaid(TINY_STUDY, **changes), *arguments))


def keys(schema: dict, place: str = "") -> set[str]:
    """The dotted keys of a schema's single values, lists and tables by layer or block."""
    found = set()
    for name, kind in schema["properties"].items():
        found |= keys(kind, f"{place}{name}.") if "properties" in kind else {f"{place}{name}"}
    return found


def test_every_key_is_here():
    schema = yaml.safe_load((REPOSITORY / "workflow/schemas/config.schema.yaml").read_text())
    of_others = {  # of images that are not drawn, planted and graded networks (see below), another run, and several networks
        *("images.root", "training.images.root", "study.recovery", "model.stream", "images.made_in", "training.images.made_in"),
        *(key for key in keys(schema) if key.startswith("family.")),
    }
    assert set(KEYS) | of_others == keys(schema)


def test_every_rule_is_here():
    assert (
        affected("resolve_model", "draw_demo_images")
        == set(graph())
        == rules_in() - OF_OTHER_NETWORKS - OF_A_FAMILY - OF_A_FIRST_LOOK | PLOTS | ABLATION_OF_LATENTS
    )


def test_the_graph_of_rules_is_the_workflows():
    edges = {(rule, reader) for rule, found in graph().items() for reader in found}
    assert READ <= edges and not NOT_READ & edges


def said(run) -> Counter:
    """What a run said, word by word of every line: jobs, and with them their numbers and reasons, come in any order."""
    lines = (run.stdout + run.stderr).splitlines()
    return Counter(
        tuple(sorted(re.split("[ ,]+", line)))
        for line in lines
        if not re.match(r"\[\w+ \w+ +\d+ [\d:]+ \d+\]|    jobid: ", line)
    )


@pytest.mark.parametrize(
    "config",
    [TINY_STUDY, overlaid(TINY_STUDY, criteria={"tolerance": 2}), {"blocks": ["9.0"]}],
    ids=["finished", "changed", "refused"],
)
def test_a_forked_dry_run_says_what_the_command_says(folder, config):
    ours, real = forked(folder, config, "--dry-run", "--cores", "2"), snakemake(folder, config, "--dry-run")
    assert said(ours) == said(real) and ours.returncode == real.returncode == int("9.0" in config["blocks"])


@pytest.mark.parametrize("key", [key for key, (_, expected) in KEYS.items() if expected is not set])
def test_a_changed_key_reruns_what_depends_on_it(folder, key):
    changes, expected = KEYS[key]
    replace = {"replace": True} if key in OF_ANOTHER_EXPERIMENT else {}
    assert rules(folder, changes | replace) == expected()


def test_keys_of_what_the_run_has_none_of_rerun_nothing(folder):
    """All of them together: where they plan something, look for it one by one."""
    changes = [changes for changes, expected in KEYS.values() if expected is set]
    assert len(changes) > 15
    assert rules(folder, reduce(lambda all, each: overlaid(all, **each), changes, {})) == set()


@pytest.mark.parametrize("key", OF_ANOTHER_EXPERIMENT)
def test_another_experiment_is_refused_unless_it_is_to_replace_what_is_there(folder, key):
    before = state(folder)
    said = forked(folder, overlaid(TINY_STUDY, **KEYS[key][0]), "--cores", "2")
    line = said.stderr.splitlines()[-1]
    assert said.returncode == 1 and line.startswith(f"{folder}/results holds another experiment: ")
    assert OF_ANOTHER_EXPERIMENT[key] in line
    assert line.endswith("name another folder with --directory, or replace what is there with --config replace=true")
    assert state(folder) == before


@pytest.mark.parametrize("what", EQUAL)
def test_equal_values_rerun_nothing(folder, what):
    assert rules(folder, EQUAL[what]) == set()


@pytest.mark.parametrize("what", SWAPS)
def test_swapped_values_are_noticed(folder, what):
    changes, expected = SWAPS[what]
    assert rules(folder, changes) == expected()


def test_one_layers_change_reruns_its_jobs_alone(folder):
    plan = planned(folder, overlaid(TINY_STUDY, visualization={"jitter_by_layer": {"layer2.0.bn2": 4}}))
    assert {rule: count for rule, count in plan.items() if "visual" in rule or "evaluate" in rule} == {
        "visualize": 2,
        "gather_visualizations": 1,
        "measure_responses_to_visualizations": 2,
        "evaluate_criteria": 2,
        "visualize_whole_channels": 1,
    }  # two seeds


def test_another_stream_makes_the_weights_anew(tmp_path):
    """And is another experiment."""
    config = {
        "model": {"architecture": "small_zero_padded", "weights": "random:0"},
        "ablation": {"blocks": []},
        "blocks": ["2.1"],
    }
    config = overlaid(TINY, **config)
    completed(tmp_path, config, "results/model/manifest.json")
    assert rules_of(tmp_path, config) == set()
    changed = overlaid(config, model={"stream": 0.5})
    assert rules_of(tmp_path, overlaid(changed, replace=True)) == {"resolve_model"}
    said = forked(tmp_path, changed, "--cores", "2").stderr.splitlines()[-1]
    assert "holds another experiment: model.stream is 1 there and 0.5 here" in said


def rules_of(folder, config) -> set[str]:
    return set(planned(folder, config, "results/model/manifest.json"))


def test_changed_image_files_rerun_what_depends_on_images(copy):
    """A file replaced or removed behind a link to a class folder, one added to a class folder, and another folder; a link that
    leads back ends."""
    demo.write_images(copy / "drawn", 1, 128, 0)
    linked, *_ = sorted((copy / "drawn").iterdir())
    linked.rename(copy / "stored")
    linked.symlink_to(copy / "stored")
    (copy / "stored" / "back").symlink_to(copy / "drawn")
    config = {"images": {"source": "class_folders", "root": "drawn"}, "replace": True}
    target = "results/mean_activations.parquet"
    completed(copy, overlaid(TINY, **config), target)
    assert rules(copy, config, target) == set()
    expected = {"list_images", "cache_images", "extract_activations", "summarize_activations"}
    first, second, *_ = sorted((copy / "drawn").glob("*/*.png"))
    assert first.parent == linked and len(table(copy, "images")) == 12
    before = first.read_bytes(), os.stat(first)

    shutil.copy(second, first)
    assert rules(copy, config, target) == expected
    first.unlink()
    assert rules(copy, config, target) == expected
    first.write_bytes(before[0])
    os.utime(first, ns=(before[1].st_atime_ns, before[1].st_mtime_ns))
    assert rules(copy, config, target) == set()
    shutil.copy(first, second.with_name("new.png"))
    assert rules(copy, config, target) == expected
    second.with_name("new.png").unlink()
    shutil.copytree(copy / "drawn", copy / "elsewhere", symlinks=True)
    assert rules(copy, overlaid(config, images={"root": "elsewhere"}), target) == expected


EVALUATED = [  # by networks with channels ablated
    *("ablate_no_scale", "screen_candidates", "ablate", "ablate_doses", "lesion"),
    *("ablate_no_scale_of_latents", "screen_latents", "ablate_latents"),
]
VISUALIZED = ["visualize", "visualize_whole_channels"]
ANSWERED = ["measure_responses_to_visualizations", "measure_responses", "measure_lags", "measure_layer_pair", "sample_views"]
SHOWN = ["visualize_whole_channels", "extract_activations", "visualize", *ANSWERED]

# A constant, an operator or a default that is changed, and the rules that use it.
EDITS_OF_MEANING = {
    ("networks/families/small.py", "if stage == 1", "if stage <= 1"): [
        "resolve_model",
        *SHOWN,
        *EVALUATED,
        "measure_robustness",
        "compare_with_paper",
    ],
    ("networks/interface.py", "if first.time_step else", "if not first.time_step else"): [
        "resolve_model",
        *SHOWN,
        *EVALUATED,
        "measure_robustness",
        "compare_with_paper",
    ],
    ("networks/graph.py", "len(called) == len(set(called))", "len(called) >= len(set(called))"): [
        *VISUALIZED,
        *EVALUATED,
        "measure_lags",
        "sample_views",
    ],
    ("networks/weights.py", 'endswith("num_batches_tracked")', 'startswith("num_batches_tracked")'): [
        "resolve_model",
        *VISUALIZED,
        *EVALUATED,
        "measure_robustness",
        "extract_activations",
        *ANSWERED,
        "measure_lags",
    ],
    (
        "networks/operations.py",
        "def outputs(self, rows: int) -> int:",
        "def outputs(self, rows: int = 1) -> int:",
    ): [*VISUALIZED, *ANSWERED, "compute_circuits"],
    ("images/demo.py", "SHAPE_RADIUS = (0.075,", "SHAPE_RADIUS = (0.076,"): ["draw_demo_images"],
    ("images/preprocessing.py", "(0.229, 0.224, 0.225)", "(0.228, 0.224, 0.225)"): [
        "resolve_model",
        *SHOWN,
        *EVALUATED,
        "measure_robustness",
    ],
    ("images/preprocessing.py", "factor: float = 2", "factor: float = 3"): [
        *ANSWERED,
        "compute_circuits",
    ],
    ("images/cache.py", "ROWS = 64", "ROWS = 65"): ["cache_images"],
    ("activations/summary.py", "top: int = 9", "top: int = 8"): ["summarize_activations", "lesion"],
    ("activations/extraction.py", "PART = 4096", "PART = 4097"): ["extract_activations"],
    ("activations/center.py", "maps.shape[2] // 2", "maps.shape[2] // 3"): [
        *SHOWN,
        "compute_circuits",
    ],
    ("visualization/ascent.py", "CPU_BATCH = 16", "CPU_BATCH = 17"): VISUALIZED,
    ("visualization/resampling.py", "move * size / (size - 1)", "move * size / (size + 1)"): VISUALIZED,
    ("visualization/traces.py", "[25, 50, 75]", "[20, 50, 80]"): ["summarize_objective"],
    ("criteria/equations.py", "pre_in_scaled - max(pre_in, 0)", "pre_in_scaled + max(pre_in, 0)"): [
        "evaluate_criteria",
        "judge_natural_images",
        "compute_sensitivity",
    ],
    ("criteria/equations.py", "post_in > 0 and", "post_in >= 0 and"): ["evaluate_criteria", "judge_natural_images"],
    ("criteria/measurement.py", "BATCH = 64", "BATCH = 63"): ["measure_responses_to_visualizations"],
    ("criteria/evaluation.py", "responses.gains >= ", "responses.gains > "): ["evaluate_criteria"],
    ("criteria/rewiring.py", "[2.5, 97.5]", "[5, 95]"): ["rewire", "judge_layer_pair"],
    ("criteria/selection.py", "2 * n_passing > n_seeds", "2 * n_passing >= n_seeds"): ["select_channels"],
    ("channel_pairs/matching.py", "gains.mean(axis=0)", "gains.mean(axis=1)"): ["visualize_matches"],
    ("channel_pairs/matching.py", "LEVEL = 0.05", "LEVEL = 0.06"): ["judge_layer_pair"],
    ("networks/common_units.py", "signs != 0", "signs == 0"): ["judge_layer_pair"],
    ("ablation/draws.py", "NEIGHBOURS = 5", "NEIGHBOURS = 6"): ["screen_candidates"],
    ("ablation/draws.py", '"order").permutation(total)', '"order").permutation(total + 0)'): ["ablate_doses"],
    ("ablation/screening.py", "scale_correct + floor(", "scale_correct - floor("): ["screen_candidates", "screen_latents"],
    ("ablation/ablated_network.py", 'replacement: str = "mean"', 'replacement: str = "zero"'): EVALUATED,
    ("ablation/correctness.py", "np.packbits(correct)", "np.packbits(~correct)"): [*EVALUATED, "measure_robustness"],
    ("ablation/ratios.py", "if accuracy > 0", "if accuracy >= 0"): [
        "compute_ratios",
        "compute_latent_ratios",
        "compute_effects",
    ],
    ("study/intervals.py", '"wilson"', '"exact"'): [
        *("summarize_stability", "summarize_acceptance", "plot_robustness", "analyze_crosscoder"),
    ],
    ("images/geometry.py", "round(side / factor)", "int(side / factor)"): [
        *ANSWERED,
        "compute_circuits",
        "measure_robustness",
    ],
    ("robustness/accuracy.py", "row['sha256']", "row['size']"): ["measure_robustness"],
    ("study/effects.py", "[2.5, 97.5]", "[5, 95]"): ["compute_effects"],
    ("study/sensitivity.py", '"gain_margin": 0,', '"gain_margin": 1,'): ["compute_sensitivity", "plot_sensitivity"],
    ("study/lesions.py", 'row["scale_percent"] == 0', 'row["scale_percent"] <= 0'): ["lesion"],
    ("study/dose.py", "round(count * point / points)", "round(count * point // points)"): ["ablate_doses"],
    ("study/responses.py", "STIMULI = 16", "STIMULI = 15"): ["measure_responses"],
    ("study/natural_images.py", '"in_pre"] == 0', '"in_pre"] == 1'): ["judge_natural_images"],
    ("study/tuning.py", "if response > 0", "if response > 1"): ["summarize_tuning"],
    ("measures/agreement.py", "DRAWS = 10_000", "DRAWS = 10_001"): ["measure_lags", "compute_circuits"],
    ("measures/sums.py", "GROUPS = 50", "GROUPS = 51"): ["measure_lags"],
    ("measures/peaks.py", "2 * bend", "3 * bend"): ["measure_lags", "compute_circuits", "analyze_crosscoder"],
    ("measures/thresholds.py", "CORRELATED = 0.2", "CORRELATED = 0.3"): ["measure_lags", "plot_lags"],
    ("measures/thresholds.py", "log2(1.1)", "log2(1.2)"): ["compute_circuits", "apply_rules"],
    ("figures/style.py", 'IN, PRE, POST = "#0072b2"', 'IN, PRE, POST = "#0072b3"'): [
        "plot_objective",
        "plot_lags",
        "plot_tuning",
        "plot_figure1",
        "plot_figure3",
        "plot_figure4",
    ],
    ("figures/ratios.py", "capsize=3", "capsize=4"): ["plot_figure2", "plot_latent_ratios"],
    ("report/thumbnails.py", "QUALITY = 90", "QUALITY = 91"): [
        *("draw_thumbnails", "compute_circuits", "draw_latent_examples", "build_latent_page")
    ],
    ("networks/linear.py", "count_include_pad=False", "count_include_pad=True"): ["compute_circuits"],
    ("measures/circuits.py", "np.array(octaves) > 0", "np.array(octaves) >= 0"): ["compute_circuits"],
    ("report/comparison.py", "INTACT_TOLERANCE = 0.1", "INTACT_TOLERANCE = 0.2"): ["compare_with_paper"],
    ("report/atlas.py", "DIGITS = 4", "DIGITS = 5"): ["build_atlas"],
    ("report/grids.py", "SHOWN = 6", "SHOWN = 7"): ["compose_grids"],
    ("report/tables.py", "GRIDS = schema(", "GRIDS = schema(*(),"): [
        "compose_grids",
        "plot_figure1",
        "plot_figure3",
        "plot_figure4",
    ],
    ("crosscoder/views.py", "default_rng([0, index])", "default_rng([1, index])"): ["sample_views", "draw_latent_examples"],
    ("crosscoder/training.py", "DEAD = 64", "DEAD = 65"): ["train_crosscoder"],
    ("crosscoder/samples.py", "HELD_OUT = 0.1", "HELD_OUT = 0.2"): [
        *("train_crosscoder", "analyze_crosscoder", "draw_latent_examples")
    ],
    ("crosscoder/latents.py", "DRAWS = 1000", "DRAWS = 1001"): ["analyze_crosscoder"],
    ("crosscoder/latents.py", "SHIFTED = 0.25", "SHIFTED = 0.5"): [
        *("analyze_crosscoder", "plot_crosscoder_latents", "build_latent_page")
    ],
    ("../scripts/summarize_activations.py", "1024", "1023"): ["summarize_activations"],
}

# What is only said, and how it looks.
EDITS_WITHOUT_MEANING = {
    "version": ("__init__.py", '__version__ = "', '__version__ = "1.'),
    "docstring of a module": ("visualization/ascent.py", '"""Gradient ascent', '"""Steepest ascent'),
    "docstring of a function": ("criteria/equations.py", '"""By how much', '"""How much'),
    "comment": ("networks/device.py", "# a GPU's", "# some GPU's"),
    "annotation": ("activations/center.py", "def center(maps: torch.Tensor)", "def center(maps)"),
    "layout": ("ablation/draws.py", "\n\n\ndef ", "\n\n\n\n\ndef "),
    "log message": ("visualization/visualize.py", "never became active", "were never active"),
    "log message without text": ("../scripts/select_channels.py", "    logging.info(", "    logging.debug("),
    "error text": ("networks/weights.py", " is missing", " is absent"),
    "error text of a receptive field": ("networks/receptive_field.py", "(maps of different sides)", "(of different sides)"),
    "progress label": ("../scripts/visualize.py", '"visualized"', '"finished"'),
    "progress note": ("ablation/evaluation.py", "draws left", "draws to go"),
    "progress": ("run/progress.py", "INTERVAL = 15", "INTERVAL = 16"),
    "records": ("run/provenance.py", "--abbrev=40", "--abbrev=39"),
    "errors": ("errors.py", "class DiskError", "class OtherError(Exception):\n    pass\n\n\nclass DiskError"),
    "a new definition": ("visualization/tables.py", "OBJECTIVE = ", "OTHER = schema(layer=pa.string())\nOBJECTIVE = "),
    "another network": (
        "networks/architectures.py",
        "FAMILIES = {",
        'FAMILIES = {\n    "scalestream.networks.families.other:Other": ("other",),',
    ),
    "how often a checkpoint is kept": ("run/checkpoint.py", "INTERVAL = 60", "INTERVAL = 61"),
    "text on an image that is left out": ("errors.py", "convert it to 8-bit RGB", "make it 8-bit RGB"),
    "how a job logs": ("../scripts/job.py", "%(asctime)s", "at %(asctime)s"),
}


TOGETHER = 12  # dry runs for all edits of meaning


@pytest.fixture
def edited(folder):
    """Edits a file of the library until the test is over."""
    undo = []

    def edit(file: str, old: str, new: str) -> None:
        path = folder / "workflow/scalestream" / file
        before, times = path.read_text(), os.stat(path)
        assert old in before
        undo.append((path, before, (times.st_atime_ns, times.st_mtime_ns)))
        path.write_text(before.replace(old, new))

    yield edit
    for path, before, times in reversed(undo):
        path.write_text(before)
        os.utime(path, ns=times)


@pytest.mark.parametrize("first", range(TOGETHER))
def test_edits_of_meaning_rerun_the_rules_that_use_them(folder, edited, first):
    """Several together, far apart in the list; that each alone reaches the scripts that it should, and no others, is shown for
    any definition by tests/digest."""
    chosen = dict(list(EDITS_OF_MEANING.items())[first::TOGETHER])
    for edit in chosen:
        edited(*edit)
    assert rules(folder, {}) == affected(*chain(*chosen.values()))


def test_an_edit_without_meaning_reruns_nothing(folder, edited):
    """One by one would take as many dry runs: where all of them together plan something, look for it one by one."""
    for edit in EDITS_WITHOUT_MEANING.values():
        edited(*edit)
    assert rules(folder, {}) == set()


@pytest.mark.parametrize(
    ("file", "users"),
    {
        "scalestream/figures/print.mplstyle": PLOTS,
        "scalestream/report/templates/table.html": {"render_tables"},
        "atlas/atlas.css": {"build_atlas"},
    }.items(),
)
def test_an_edited_file_that_is_an_input_reruns_what_reads_it(folder, edited, file, users):
    edited(f"../{file}", "\n", "\n\n")
    assert rules(folder, {}) == affected(*users)


def test_touched_files_and_a_fresh_checkout_rerun_nothing(folder):
    assert rules(folder, {}) == set()
    for place in ("Snakefile", "config.yaml", "workflow", "resources"):
        for path in [folder / place, *(folder / place).rglob("*")]:
            path.touch()
    assert rules(folder, {}) == set()


def test_touching_accepts_an_edit_of_code_and_hides_no_changed_key(copy):
    """Neither where outputs are there, nor where some are not."""

    def touch(config: dict) -> None:
        assert forked(copy, config, "--touch", "--cores", "1").returncode == 0

    path = copy / "workflow/scalestream/images/cache.py"
    path.write_text(path.read_text().replace("ROWS = 64", "ROWS = 65"))
    assert "cache_images" in planned(copy, TINY)
    touch(TINY)
    assert planned(copy, TINY) == {}
    for changes in ({"ablation": {"trials": 3}}, {"criteria": {"tolerance": 2}}):
        config = overlaid(TINY, **changes)
        plan = planned(copy, config)
        touch(config)
        assert plan and planned(copy, config) == plan
        touch(TINY)
        assert planned(copy, TINY) == {}
