"""What runs again when something changed, and that nothing else does: every key of the configuration, edits, and image files."""

import os
import re
import shutil

import pytest
import torch
import yaml

from conftest import REPOSITORY, randomized
from runs import TINY, TINY_STUDY, overlaid, planned, snakemake
from scalestream import demo

# Rules whose jobs read what those of the key write.
READERS = {
    "resolve_model": ["visualize", "visualize_whole_channels", "evaluate_criteria", "extract_activations", "summarize_activations",
                      "ablate_no_scale", "screen_candidates", "ablate", "ablate_doses", "measure_responses"],
    "draw_demo_images": ["list_images"],
    "list_images": ["cache_images", "extract_activations", "ablate_no_scale", "screen_candidates", "ablate", "ablate_doses",
                    "compare_with_paper"],
    "cache_images": ["extract_activations", "ablate_no_scale", "screen_candidates", "ablate", "ablate_doses"],
    "visualize": ["gather_visualizations", "evaluate_criteria"],
    "gather_visualizations": ["summarize_objective", "draw_thumbnails", "compose_grids", "build_atlas", "measure_responses"],
    "summarize_objective": ["plot_objective"],
    "evaluate_criteria": ["gather_criteria", "visualize_whole_channels", "select_channels", "summarize_stability",
                          "compute_sensitivity"],
    "gather_criteria": ["plot_passing", "plot_criteria", "compose_grids", "build_atlas", "compare_with_paper", "tabulate",
                        "judge_natural_images", "summarize_tuning"],
    "select_channels": ["ablate_no_scale", "screen_candidates", "ablate", "ablate_doses"],
    "visualize_whole_channels": ["compose_grids"],
    "extract_activations": ["summarize_activations"],
    "summarize_activations": ["draw_thumbnails", "build_atlas", "ablate_no_scale", "screen_candidates", "ablate", "ablate_doses",
                              "measure_responses", "judge_natural_images"],
    "draw_thumbnails": ["compose_grids", "build_atlas"],
    "compose_grids": ["plot_figure1", "plot_grids"],
    "build_atlas": ["gather_benchmarks"],
    "ablate_no_scale": ["screen_candidates", "gather_ablation"],
    "screen_candidates": ["gather_candidates", "ablate"],
    "gather_candidates": ["tabulate", "gather_benchmarks", "summarize_acceptance"],
    "ablate": ["gather_ablation", "gather_variants"],
    "gather_ablation": ["compute_ratios", "plot_accuracy", "compare_with_paper", "tabulate", "compute_effects"],
    "compute_ratios": ["plot_figure2", "compare_with_paper", "tabulate"],
    "compare_with_paper": ["tabulate", "gather_benchmarks"],
    "summarize_stability": ["plot_stability", "build_atlas", "tabulate"],
    "ablate_doses": ["gather_doses"],
    "gather_doses": ["plot_dose_response", "tabulate"],
    "gather_variants": ["compute_effects", "tabulate"],
    "summarize_acceptance": ["plot_acceptance", "tabulate"],
    "compute_effects": ["plot_effects", "tabulate"],
    "measure_responses": ["compute_sensitivity", "judge_natural_images", "summarize_tuning"],
    "compute_sensitivity": ["plot_sensitivity", "tabulate"],
    "judge_natural_images": ["plot_natural_images", "plot_overlap", "build_atlas", "tabulate"],
    "summarize_tuning": ["plot_tuning", "build_atlas", "tabulate"],
    **{f"plot_{figure}": ["gather_benchmarks"] for figure in (
        "figure1", "figure2", "grids", "passing", "criteria", "accuracy", "objective", "stability", "sensitivity", "natural_images",
        "overlap", "tuning", "acceptance", "effects", "dose_response")},
    "gather_benchmarks": ["plot_benchmarks", "tabulate"],
}


def affected(*rules: str) -> set[str]:
    """The rules, and all that reads what they write, directly or not."""
    found, waiting = set(), list(rules)
    while waiting:
        rule = waiting.pop()
        if rule not in found:
            found.add(rule)
            waiting += READERS.get(rule, [])
    return found


IMAGES = affected("list_images")
VISUALIZATION = affected("visualize", "visualize_whole_channels")
EXTENDED = affected("gather_candidates", "gather_ablation", "gather_variants")
ABLATION = {"select_channels", "ablate_no_scale", "screen_candidates", "ablate", "gather_candidates", "gather_ablation",
            "compute_ratios", "plot_accuracy", "plot_figure2", "summarize_acceptance", "plot_acceptance", "ablate_doses",
            "gather_doses", "plot_dose_response", "gather_variants", "compute_effects", "plot_effects"}
SHOWN_LAYER = {"visualize", "gather_visualizations"} | affected("summarize_objective", "draw_thumbnails",
                                                                 "visualize_whole_channels", "compare_with_paper")
ADDED_SEED = {"visualize", "evaluate_criteria"} | affected("summarize_stability", "compute_sensitivity")

# Every key, a change of it, and the rules that it reruns. Weights and images are files that a fixture puts there.
KEYS = {
    "model.architecture": ({"model": {"architecture": "resnet18", "weights": "resnet18.pth"}}, affected("resolve_model")),
    "model.weights": ({"model": {"weights": "other.pth"}}, affected("resolve_model")),
    "images.source": ({"images": {"source": "class_folders", "root": "drawn"}}, IMAGES),
    "images.root": ({"images": {"root": "drawn"}}, set()),  # the drawn images have none; see below
    "images.skip_unreadable": ({"images": {"skip_unreadable": True}}, IMAGES),
    "images.resize": ({"images": {"resize": 130}}, affected("draw_demo_images")),
    "images.crop": ({"images": {"crop": 108}}, affected("extract_activations") | VISUALIZATION),
    "images.cache": ({"images": {"cache": False}}, set()),
    "images.batch_size": ({"images": {"batch_size": 5}}, set()),
    "images.demo.per_class": ({"images": {"demo": {"per_class": 5}}}, affected("draw_demo_images")),
    "images.demo.seed": ({"images": {"demo": {"per_class": 4, "seed": 1}}}, affected("draw_demo_images")),
    "blocks": ({"blocks": ["1.1", "2.0", "2.1"]},
               VISUALIZATION - ABLATION),
    "visualization.steps": ({"visualization": {"steps": 17}}, VISUALIZATION),
    "visualization.learning_rate": ({"visualization": {"learning_rate": 0.04}}, VISUALIZATION),
    "visualization.sd": ({"visualization": {"sd": 0.02}}, VISUALIZATION),
    "visualization.jitter": ({"visualization": {"jitter": 7}},  # that of layer2.1 alone; jitter_by_layer names the others
                             SHOWN_LAYER),
    "visualization.jitter_by_layer": ({"visualization": {"jitter_by_layer": {"layer2.0.bn2": 4}}},
                                      VISUALIZATION - ABLATION),
    "visualization.scales": ({"visualization": {"scales": [1, 1.1]}}, VISUALIZATION),
    "visualization.angles": ({"visualization": {"angles": [0, 3]}}, VISUALIZATION),
    "visualization.seeds": ({"visualization": {"seeds": [0, 1, 2]}}, ADDED_SEED),
    "visualization.channels_per_job": ({"visualization": {"channels_per_job": 12}}, affected("visualize")),
    "criteria.tolerance": ({"criteria": {"tolerance": 1.6}}, affected("evaluate_criteria")),
    "criteria.magnification": ({"criteria": {"magnification": 3}}, affected("evaluate_criteria", "measure_responses")),
    "ablation.blocks": ({"ablation": {"blocks": ["2.0", "2.1"]}}, ABLATION | EXTENDED | affected("compose_grids")),
    "ablation.selection": ({"ablation": {"selection": "majority"}}, affected("select_channels")),
    "ablation.scale_percents": ({"ablation": {"scale_percents": [20]}}, affected("ablate", "ablate_doses")),
    "ablation.crop_convention": ({"ablation": {"crop_convention": "author_code"}}, affected("ablate", "ablate_doses")),
    "ablation.trials": ({"ablation": {"trials": 3}}, {"screen_candidates", "ablate"} | EXTENDED),
    "ablation.trials_per_job": ({"ablation": {"trials_per_job": 1}}, affected("screen_candidates")),
    "ablation.max_candidates": ({"ablation": {"max_candidates": 150}}, set()),
    "ablation.slack": ({"ablation": {"slack": {"2.1": 0.5}}}, affected("screen_candidates")),
    "ablation.seed": ({"ablation": {"seed": 1}}, affected("screen_candidates", "ablate_doses")),
    "study.sensitivity.tolerances": ({"study": {"sensitivity": {"tolerances": [2]}}}, affected("compute_sensitivity")),
    "study.sensitivity.gain_margins": ({"study": {"sensitivity": {"gain_margins": [0.2]}}}, affected("compute_sensitivity")),
    "study.sensitivity.magnifications": ({"study": {"sensitivity": {"magnifications": [2.5]}}}, affected("measure_responses")),
    "study.tuning": ({"study": {"tuning": [0.6, 1, 2]}}, affected("measure_responses")),
    "study.natural_criteria": ({"study": {"natural_criteria": False}}, affected("build_atlas")),
    "study.controls": ({"study": {"controls": ["unscreened"]}}, affected("gather_candidates", "gather_variants")),
    "study.kinds": ({"study": {"kinds": ["resample"]}}, affected("gather_variants")),
    "study.dose.points": ({"study": {"dose": {"points": 1}}}, affected("ablate_doses")),
    "study.dose.draws": ({"study": {"dose": {"draws": 3}}}, affected("ablate_doses")),
    "study.resamples": ({"study": {"resamples": 60}}, affected("compute_effects")),
    "figures.figure1": ({"figures": {"figure1": {"2.1": [3]}}}, affected("compose_grids")),
    "atlas.natural_images": ({"atlas": {"natural_images": False}}, affected("build_atlas")),
}

EQUAL = {
    "numbers": {"visualization": {"steps": 16.0, "jitter": 8.0}, "criteria": {"tolerance": 3.0}},
    "block names": {"blocks": [2.0, 2.1], "ablation": {"blocks": [2.1]}},
    "orders": {"blocks": ["2.1", "2.0"], "ablation": {"scale_percents": [50, 20]},
               "study": {"tuning": [2.0, 1, 0.5], "sensitivity": {"tolerances": [3, 1.2]}}},
    "what is so already": {"visualization": {"jitter_by_layer": {"layer2.0.bn2": 0}}},
}

SWAPS = {
    "two numbers": ({"visualization": {"learning_rate": 0.01, "sd": 0.05}}, VISUALIZATION),
    "two layers": ({"visualization": {"jitter_by_layer": {"layer2.0.bn2": 4, "layer2.1.bn2": 0}}}, VISUALIZATION),
    "the first seed": ({"visualization": {"seeds": [1, 0]}}, {"visualize"} | affected(
        "gather_visualizations", "gather_criteria", "select_channels", "visualize_whole_channels")),
    "the order of a choice": ({"visualization": {"scales": [0.975, 1, 1.025, 0.95, 1.05]}}, VISUALIZATION),
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
    return set(planned(snakemake(folder, overlaid(TINY_STUDY, **changes), "--dry-run", *arguments)))


def keys(schema: dict, place: str = "") -> set[str]:
    """The dotted keys of a schema's single values, lists and tables by layer or block."""
    found = set()
    for name, kind in schema["properties"].items():
        found |= keys(kind, f"{place}{name}.") if "properties" in kind else {f"{place}{name}"}
    return found


def test_every_key_is_here():
    schema = yaml.safe_load((REPOSITORY / "workflow/schemas/config.schema.yaml").read_text())
    assert set(KEYS) == keys(schema)


def test_every_rule_is_here():
    files = (REPOSITORY / "workflow/rules").glob("*.smk")
    assert affected("resolve_model", "draw_demo_images") == {
        rule for file in files for rule in re.findall(r"^rule (\w+):", file.read_text(), re.MULTILINE)}


@pytest.mark.parametrize("key", KEYS)
def test_a_changed_key_reruns_what_depends_on_it(folder, key):
    changes, expected = KEYS[key]
    assert rules(folder, changes) == expected


@pytest.mark.parametrize("what", EQUAL)
def test_equal_values_rerun_nothing(folder, what):
    assert rules(folder, EQUAL[what]) == set()


@pytest.mark.parametrize("what", SWAPS)
def test_swapped_values_are_noticed(folder, what):
    changes, expected = SWAPS[what]
    assert rules(folder, changes) == expected


def test_one_layers_change_reruns_its_jobs_alone(folder):
    run = snakemake(folder, overlaid(TINY_STUDY, visualization={"jitter_by_layer": {"layer2.0.bn2": 4}}), "--dry-run")
    assert {rule: count for rule, count in planned(run).items() if "visual" in rule or "evaluate" in rule} == {
        "visualize": 2, "gather_visualizations": 1, "evaluate_criteria": 2, "visualize_whole_channels": 1}  # two seeds


def test_changed_image_files_rerun_what_depends_on_images(copy):
    """A file replaced, removed or added, and another folder."""
    demo.write_images(copy / "drawn", 1, 128, 0)
    config = {"images": {"source": "class_folders", "root": "drawn"}}
    target = "results/mean_activations.parquet"
    run = snakemake(copy, overlaid(TINY, **config), target)
    assert run.returncode == 0 and rules(copy, config, target) == set()
    expected = {"list_images", "cache_images", "extract_activations", "summarize_activations"}
    first, second, *_ = sorted((copy / "drawn").rglob("*.png"))
    before = first.read_bytes(), os.stat(first)

    shutil.copy(second, first)
    assert rules(copy, config, target) == expected
    first.unlink()
    assert rules(copy, config, target) == expected
    first.write_bytes(before[0])
    os.utime(first, ns=(before[1].st_atime_ns, before[1].st_mtime_ns))
    assert rules(copy, config, target) == set()
    shutil.copy(second, first.with_name("new.png"))
    assert rules(copy, config, target) == expected
    first.with_name("new.png").unlink()
    shutil.copytree(copy / "drawn", copy / "elsewhere")
    assert rules(copy, {"images": config["images"] | {"root": "elsewhere"}}, target) == expected


STUDY_PLOTS = ["plot_stability", "plot_sensitivity", "plot_natural_images", "plot_overlap", "plot_tuning", "plot_acceptance",
               "plot_effects", "plot_dose_response"]


@pytest.mark.parametrize(("file", "users"), {
    "scalestream/statistics.py": ["compute_ratios", "summarize_objective", "summarize_stability", "summarize_acceptance",
                                  "compute_effects"],
    "scalestream/selection.py": ["select_channels", "ablate_no_scale", "screen_candidates", "ablate", "ablate_doses",
                                 "compute_ratios", "summarize_objective", "summarize_stability", "summarize_acceptance",
                                 "compute_effects"],
    "scalestream/answers.py": ["ablate_no_scale", "screen_candidates", "ablate", "ablate_doses", "compute_effects"],
    "scalestream/paired.py": ["compute_effects"],
    "scalestream/sensitivity.py": ["compute_sensitivity", "plot_sensitivity"],
    "scalestream/dose.py": ["ablate_doses"],
    "scalestream/responses.py": ["measure_responses"],
    "scalestream/natural.py": ["judge_natural_images"],
    "scalestream/tuning.py": ["summarize_tuning"],
    "scalestream/figures/__init__.py": ["compose_grids", "plot_figure1", "plot_figure2", "plot_grids", "plot_passing",
                                        "plot_criteria", "plot_accuracy", "plot_objective", "plot_benchmarks",
                                        *STUDY_PLOTS],
    "scalestream/figures/natural.py": ["plot_natural_images", "plot_overlap"],
    "scalestream/figures/ratios.py": ["plot_figure2"],
    "scalestream/figures/print.mplstyle": ["plot_figure1", "plot_figure2", "plot_grids", "plot_passing", "plot_criteria",
                                           "plot_accuracy", "plot_objective", "plot_benchmarks", *STUDY_PLOTS],
    "scalestream/demo.py": ["draw_demo_images"],
    "scalestream/screening.py": ["ablate_no_scale", "screen_candidates", "ablate", "ablate_doses"],
    "scalestream/ablation.py": ["ablate_no_scale", "screen_candidates", "ablate", "ablate_doses"],
    "scalestream/activations.py": ["extract_activations", "summarize_activations"],
    "scalestream/image_cache.py": ["cache_images", "extract_activations", "ablate_no_scale", "screen_candidates", "ablate",
                                   "ablate_doses"],
    "scalestream/criteria.py": ["evaluate_criteria", "visualize_whole_channels"],
    "scalestream/verdicts.py": ["evaluate_criteria", "visualize_whole_channels", "judge_natural_images", "compute_sensitivity",
                                "plot_sensitivity"],
    "scalestream/ascent.py": ["visualize", "visualize_whole_channels", "evaluate_criteria", "measure_responses"],
    "scalestream/network.py": ["resolve_model"],
    "scalestream/thumbnails.py": ["draw_thumbnails"],
    "scalestream/comparison.py": ["compare_with_paper"],
    "scalestream/templates/table.html": ["tabulate"],
    "scalestream/atlas.py": ["build_atlas"],
    "atlas/atlas.css": ["build_atlas"],
    "scripts/compute_ratios.py": ["compute_ratios"],
}.items())
def test_an_edited_file_reruns_the_rules_that_use_it(folder, file, users):
    path = folder / "workflow" / file
    before, times = path.read_text(), os.stat(path)
    comment = {".css": "/* edited */", ".html": "<!-- edited -->"}.get(path.suffix, "# edited")
    try:
        path.write_text(f"{before}\n{comment}\n")
        assert rules(folder, {}) == affected(*users)
    finally:
        path.write_text(before)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_touched_files_and_a_fresh_checkout_rerun_nothing(folder):
    assert rules(folder, {}) == set()
    for place in ("Snakefile", "config.yaml", "workflow", "resources"):
        for path in [folder / place, *(folder / place).rglob("*")]:
            path.touch()
    assert rules(folder, {}) == set()
