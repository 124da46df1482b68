"""What runs again when something changed, and that nothing else does: every key of the configuration, edits, images."""

import os
import re
import shutil
from collections import Counter
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import torch
import yaml

from conftest import REPOSITORY, randomized
from runs import TINY, TINY_STUDY, completed, forked, overlaid, planned, readers, rules_in, snakemake
from scalestream.figures.catalogue import FIGURES
from scalestream.images import demo

PLOTS = {f"plot_{name}" for name in FIGURES} - {"plot_recovery"}  # of planted networks

OF_PLANTED = {"list_planted_channels", "compute_recovery"}

# What reads the files of which rule: some of what the workflow has to say of itself.
READ = {
    ("resolve_model", "visualize"),
    ("list_images", "cache_images"),
    ("cache_images", "ablate"),
    ("visualize", "measure_responses_to_visualizations"),
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
    ("cache_images", "measure_lags"),
    ("measure_lags", "gather_lag_profiles"),
    ("screen_candidates", "ablate"),
    ("select_channels", "ablate_doses"),
    ("ablate", "gather_variants"),
    ("gather_variants", "compute_effects"),
    ("measure_responses", "compute_sensitivity"),
    ("draw_thumbnails", "build_atlas"),
    ("compute_ratios", "plot_figure2"),
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
    return affected("visualize", "visualize_whole_channels")


def but_for_the_ablation() -> set[str]:
    """Those of the visualization, without what shows or ablates another block and what sums that up."""
    return visualization() - {
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
    return affected("visualize_posts", "visualize_whole_channels", "compare_with_paper")


def added_seed() -> set[str]:
    judged = {"visualize", "measure_responses_to_visualizations", "evaluate_criteria"}
    return judged | affected("rewire", "summarize_stability", "compute_sensitivity")


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
    "images.source": ({"images": {"source": "class_folders", "root": "drawn"}}, lambda: affected("list_images")),
    "images.root": ({"images": {"root": "drawn"}}, set),  # the drawn images have none; see below
    "images.skip_unreadable": ({"images": {"skip_unreadable": True}}, lambda: affected("list_images")),
    "images.resize": ({"images": {"resize": 130}}, lambda: affected("draw_demo_images")),
    "images.crop": (
        {"images": {"crop": 108}},
        lambda: affected("extract_activations", "measure_lags", "visualize", "visualize_whole_channels", "compute_circuits"),
    ),
    "images.interpolation": ({"images": {"interpolation": "bicubic"}}, lambda: affected("cache_images")),
    "images.mean": (
        {"images": {"mean": [0.5, 0.5, 0.5]}},
        lambda: affected("extract_activations", "measure_lags", "visualize", "visualize_whole_channels"),
    ),
    "images.std": (
        {"images": {"std": [0.5, 0.5, 0.5]}},
        lambda: affected("extract_activations", "measure_lags", "visualize", "visualize_whole_channels", "compute_circuits"),
    ),
    "images.cache": ({"images": {"cache": False}}, set),
    "images.batch_size": ({"images": {"batch_size": 5}}, set),
    "images.demo.per_class": ({"images": {"demo": {"per_class": 5}}}, lambda: affected("draw_demo_images")),
    "images.demo.seed": ({"images": {"demo": {"per_class": 4, "seed": 1}}}, lambda: affected("draw_demo_images")),
    "blocks": (
        {"blocks": ["1.1", "2.0", "2.1"]},
        lambda: (visualization() | affected("extract_activations", "measure_lags", "compute_circuits")) - {"select_channels"},
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
        lambda: {"visualize", "gather_visualizations"} | affected("summarize_objective", "draw_thumbnails"),
    ),
    "visualization.seeds": ({"visualization": {"seeds": [0, 1, 2]}}, added_seed),
    "visualization.channels_per_job": ({"visualization": {"channels_per_job": 12}}, lambda: affected("visualize")),
    "criteria.tolerance": ({"criteria": {"tolerance": 1.6}}, lambda: affected("evaluate_criteria", "rewire")),
    "criteria.magnification": (
        {"criteria": {"magnification": 3}},
        lambda: affected("measure_responses_to_visualizations", "measure_responses"),
    ),
    "criteria.center": (
        {"criteria": {"center": "neuron"}},
        lambda: affected("measure_responses_to_visualizations", "measure_responses"),
    ),
    "criteria.rewirings": ({"criteria": {"rewirings": 200}}, lambda: affected("rewire")),
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
    "ablation.blocks": ({"ablation": {"blocks": ["2.0", "2.1"]}}, lambda: affected("select_channels", "compose_grids")),
    "ablation.selection": ({"ablation": {"selection": "majority"}}, lambda: affected("select_channels")),
    "ablation.scale_percents": ({"ablation": {"scale_percents": [20]}}, lambda: affected("ablate", "ablate_doses")),
    "ablation.crop_convention": ({"ablation": {"crop_convention": "author_code"}}, lambda: affected("ablate", "ablate_doses")),
    "ablation.trials": ({"ablation": {"trials": 3}}, lambda: affected("screen_candidates")),
    "ablation.trials_per_job": ({"ablation": {"trials_per_job": 1}}, lambda: affected("screen_candidates")),
    "ablation.max_candidates": ({"ablation": {"max_candidates": 150}}, set),
    "ablation.slack": ({"ablation": {"slack": {"2.1": 0.5}}}, lambda: affected("screen_candidates")),
    "ablation.seed": ({"ablation": {"seed": 1}}, lambda: affected("screen_candidates", "ablate_doses")),
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
    "study.dose.points": ({"study": {"dose": {"points": 1}}}, lambda: affected("ablate_doses")),
    "study.dose.draws": ({"study": {"dose": {"draws": 3}}}, lambda: affected("ablate_doses")),
    "study.resamples": ({"study": {"resamples": 60}}, lambda: affected("compute_effects")),
    "figures.figure1": ({"figures": {"figure1": {"2.1": [3]}}}, lambda: affected("visualize_posts", "compose_grids")),
    "atlas.natural_images": ({"atlas": {"natural_images": False}}, lambda: affected("build_atlas")),
}

EQUAL = {
    "numbers": {"visualization": {"steps": 16.0, "jitter": 8.0}, "criteria": {"tolerance": 3.0}},
    "block names": {"blocks": [2.0, 2.1], "ablation": {"blocks": [2.1]}},
    "orders": {
        "blocks": ["2.1", "2.0"],
        "ablation": {"scale_percents": [50, 20]},
        "study": {"tuning": [2.0, 1, 0.5], "sensitivity": {"tolerances": [3, 1.2]}},
        "measures": {"lags": [1.5, 0, 1.0, 0.5], "circuits": [1.5, 1.25, 1.0, 0.75, 0.5, 0.25, 0, -0.25, -0.5]},
    },
    "what is so already": {"visualization": {"jitter_by_layer": {"layer2.0.bn2": 0}}},
}

SWAPS = {
    "two numbers": ({"visualization": {"learning_rate": 0.01, "sd": 0.05}}, visualization),
    "two layers": ({"visualization": {"jitter_by_layer": {"layer2.0.bn2": 4, "layer2.1.bn2": 0}}}, visualization),
    "the first seed": (
        {"visualization": {"seeds": [1, 0]}},
        lambda: (
            affected(
                *("gather_visualizations", "gather_criteria", "select_channels", "visualize_whole_channels", "visualize_posts"),
                *("apply_rules", "judge_changed_images", "gather_nulls"),
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
    assert set(KEYS) | {"study.recovery"} == keys(schema)  # of planted networks alone


def test_every_rule_is_here():
    assert affected("resolve_model", "draw_demo_images") == set(graph()) == rules_in() - OF_PLANTED | PLOTS


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


@pytest.mark.parametrize("key", KEYS)
def test_a_changed_key_reruns_what_depends_on_it(folder, key):
    changes, expected = KEYS[key]
    assert rules(folder, changes) == expected()


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


def test_changed_image_files_rerun_what_depends_on_images(copy):
    """A file replaced, removed or added, and another folder."""
    demo.write_images(copy / "drawn", 1, 128, 0)
    config = {"images": {"source": "class_folders", "root": "drawn"}}
    target = "results/mean_activations.parquet"
    completed(copy, overlaid(TINY, **config), target)
    assert rules(copy, config, target) == set()
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


EVALUATED = ["ablate_no_scale", "screen_candidates", "ablate", "ablate_doses"]  # by networks with channels ablated
VISUALIZED = ["visualize", "visualize_whole_channels"]
ANSWERED = ["measure_responses_to_visualizations", "measure_responses", "measure_lags"]
SHOWN = ["visualize_whole_channels", "extract_activations", "visualize", *ANSWERED]

# A constant, an operator or a default that is changed, and the rules that use it.
EDITS_OF_MEANING = {
    ("networks/families/small.py", "if stage == 1", "if stage <= 1"): [
        "resolve_model",
        *SHOWN,
        *EVALUATED,
        "compare_with_paper",
    ],
    ("networks/interface.py", "if first.time_step else", "if not first.time_step else"): [
        "resolve_model",
        *SHOWN,
        *EVALUATED,
        "compare_with_paper",
    ],
    ("networks/graph.py", "len(called) == len(set(called))", "len(called) >= len(set(called))"): [
        *VISUALIZED,
        *EVALUATED,
        "measure_lags",
    ],
    ("networks/weights.py", 'endswith("num_batches_tracked")', 'startswith("num_batches_tracked")'): [
        "resolve_model",
        *VISUALIZED,
        *EVALUATED,
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
    ],
    ("images/preprocessing.py", "factor: float = 2", "factor: float = 3"): [
        *ANSWERED,
        "compute_circuits",
    ],
    ("images/cache.py", "ROWS = 64", "ROWS = 65"): ["cache_images"],
    ("activations/summary.py", "top: int = 9", "top: int = 8"): ["summarize_activations"],
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
    ("criteria/rewiring.py", "[2.5, 97.5]", "[5, 95]"): ["rewire"],
    ("criteria/selection.py", "2 * n_passing > n_seeds", "2 * n_passing >= n_seeds"): ["select_channels"],
    ("ablation/draws.py", "NEIGHBOURS = 5", "NEIGHBOURS = 6"): ["screen_candidates"],
    ("ablation/draws.py", '"order").permutation(total)', '"order").permutation(total + 0)'): ["ablate_doses"],
    ("ablation/screening.py", "scale_correct + floor(", "scale_correct - floor("): ["screen_candidates"],
    ("ablation/ablated_network.py", 'replacement: str = "mean"', 'replacement: str = "zero"'): EVALUATED,
    ("ablation/correctness.py", "np.packbits(correct)", "np.packbits(~correct)"): EVALUATED,
    ("ablation/ratios.py", "if accuracy > 0", "if accuracy >= 0"): ["compute_ratios", "compute_effects"],
    ("study/intervals.py", '"wilson"', '"exact"'): ["summarize_stability", "summarize_acceptance"],
    ("study/effects.py", "[2.5, 97.5]", "[5, 95]"): ["compute_effects"],
    ("study/sensitivity.py", '"gain_margin": 0,', '"gain_margin": 1,'): ["compute_sensitivity", "plot_sensitivity"],
    ("study/dose.py", "round(count * point / points)", "round(count * point // points)"): ["ablate_doses"],
    ("study/responses.py", "STIMULI = 16", "STIMULI = 15"): ["measure_responses"],
    ("study/natural_images.py", '"in_pre"] == 0', '"in_pre"] == 1'): ["judge_natural_images"],
    ("study/tuning.py", "if response > 0", "if response > 1"): ["summarize_tuning"],
    ("measures/agreement.py", "DRAWS = 10_000", "DRAWS = 10_001"): ["measure_lags", "compute_circuits"],
    ("measures/sums.py", "GROUPS = 50", "GROUPS = 51"): ["measure_lags"],
    ("measures/peaks.py", "2 * bend", "3 * bend"): ["measure_lags", "compute_circuits"],
    ("measures/lags.py", "CORRELATED = 0.2", "CORRELATED = 0.3"): ["measure_lags"],
    ("figures/style.py", 'IN, PRE, POST = "#0072b2"', 'IN, PRE, POST = "#0072b3"'): [
        "plot_objective",
        "plot_lags",
        "plot_tuning",
        "plot_figure1",
        "plot_figure3",
        "plot_figure4",
    ],
    ("figures/ratios.py", "capsize=3", "capsize=4"): ["plot_figure2"],
    ("report/thumbnails.py", "QUALITY = 90", "QUALITY = 91"): ["draw_thumbnails", "compute_circuits"],
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
    for path, before, times in undo:
        path.write_text(before)
        os.utime(path, ns=times)


@pytest.mark.parametrize(("file", "old", "new"), EDITS_OF_MEANING, ids=[f"{file}: {new}" for file, _, new in EDITS_OF_MEANING])
def test_an_edit_of_meaning_reruns_the_rules_that_use_it(folder, edited, file, old, new):
    edited(file, old, new)
    assert rules(folder, {}) == affected(*EDITS_OF_MEANING[file, old, new])


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
