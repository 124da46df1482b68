"""A small variant of config/study.yaml: what goes past the paper, against plain methods and the paper's part of the run."""

import numpy as np
import pytest
import torch
from PIL import Image
from test_reruns import OF_A_FAMILY, OF_A_FIRST_LOOK, OF_OTHER_NETWORKS, PLOTS
from torch.utils.data import DataLoader
from torchvision.transforms import functional as F

import plain_ablation
from runs import TINY_STUDY, overlaid, planned, rules_in, table, tables
from scalestream.ablation.correctness import unpacked
from scalestream.ablation.evaluation import derangement
from scalestream.networks.manifest import Manifest

FIGURES = [
    "stability",
    "sensitivity",
    "natural_images",
    "overlap",
    "tuning",
    "nulls",
    "acceptance",
    "effects",
    "dose_response",
    "robustness",
    "lesions",
    "crosscoder_latents",
    "crosscoder_explained",
    "crosscoder_stability",
    "channel_pairs",
    "channel_pair_counts",
]
PERCENTS = [0, 20, 50]


@pytest.fixture(scope="module")
def small_network(study):
    return Manifest.read(study / "results/model/manifest.json").load(study / "results/model/weights.safetensors")


@pytest.fixture(scope="module")
def views(study):
    """Network input of every image by scale, of plain torchvision transforms."""
    paths = [study / row["path"] for row in table(study, "images")]
    return {percent: torch.cat([*DataLoader(plain_ablation.Files(paths, percent, 128, 112), 12)]) for percent in PERCENTS}


def post_maps(small, block, images):
    kept = []
    hook = small.get_submodule(f"layer{block}").register_forward_hook(
        lambda module, inputs, output: kept.append(output.clone())
    )
    with torch.inference_mode():
        small(images)
    hook.remove()
    return kept[0]


def test_every_rule_ran_and_every_figure_is_there(study):
    measured = {row["rule"] for row in table(study, "benchmarks")}
    others = OF_OTHER_NETWORKS | OF_A_FAMILY | OF_A_FIRST_LOOK
    assert (rules_in() | PLOTS) - others - {
        "gather_benchmarks",
        "plot_benchmarks",
        "render_tables",
    } <= measured
    for figure in FIGURES:
        assert Image.open(study / f"results/figures/{figure}.png").width > 300, figure
        assert (study / f"results/figures/{figure}.pdf").stat().st_size > 5000, figure
    assert planned(study, TINY_STUDY) == {}


def test_the_papers_part_is_as_without_the_study(study, tiny):
    """And as with trials in other chunks: the study has both in one job."""
    ours, papers = tables(study), tables(tiny)
    for name in ("ablation", "ratios", "criteria", "top_images", "mean_activations", "grids", "objective", "paper_comparison"):
        assert ours[f"results/{name}.parquet"] == papers[f"results/{name}.parquet"], name
    assert [row for row in table(study, "candidates") if row["control"] == "random"] == table(tiny, "candidates")


@torch.inference_mode()
def test_answers_of_every_control_and_replacement_are_those_of_the_plain_loop(study, small_network, views):
    """The whole network on every decoded file, with a hook."""
    images = table(study, "images")
    labels = torch.tensor([row["class_index"] for row in images])
    means = {row["channel"]: row["mean"] for row in table(study, "mean_activations") if row["layer"] == "layer2.1"}
    channels = {
        (row["control"], row["trial"]): row["channels"] for row in table(study, "candidates") if row["trial"] is not None
    }
    channels |= {("scale", None): [row["channel"] for row in table(study, "selection/2.1") if row["selected"]]}
    donors = derangement(len(images), seed=0)
    rows = table(study, "variants")
    assert {(row["replacement"], row["condition"], row["trial"], row["scale_percent"]) for row in rows} == {
        *(
            ("mean", control, trial, percent)
            for control in ("unscreened", "matched", "all")
            for trial in (0, 1)
            for percent in PERCENTS
        ),
        *(
            (replacement, condition, trial, percent)
            for replacement in ("zero", "resample")
            for percent in PERCENTS
            for condition, trial in (("scale", None), ("random", 0), ("random", 1))
        ),
    }
    for row in rows:
        inputs = views[row["scale_percent"]]
        values = {
            "mean": means,
            "zero": dict.fromkeys(means, 0),
            "resample": post_maps(small_network, "2.1", inputs[donors]).transpose(0, 1),
        }[row["replacement"]]
        logits = plain_ablation.logits(small_network, "2.1", channels[row["condition"], row["trial"]], values, inputs)
        correct = logits.argmax(dim=1) == labels
        assert unpacked(row["correct"], len(images)).tolist() == correct.tolist(), row
        assert row["n_correct"] == int(correct.sum())


def test_screened_controls_harm_enough_and_unscreened_ones_come_as_drawn(study):
    rows = table(study, "candidates")
    taken = [row for row in rows if row["trial"] is not None]
    assert all(row["accepted"] for row in taken if row["control"] != "unscreened")
    unscreened = [row for row in rows if row["control"] == "unscreened"]
    assert [row["draw"] for row in unscreened] == [row["trial"] for row in unscreened] == [0, 1]
    assert [row["channels"] for row in unscreened] == [row["channels"] for row in rows if row["control"] == "random"][:2]
    counts = {(row["control"], row["n_draws"], row["n_accepted"]) for row in table(study, "acceptance")}
    assert counts == {
        (
            control,
            sum(row["control"] == control for row in rows),
            sum(row["accepted"] for row in rows if row["control"] == control),
        )
        for control in {row["control"] for row in rows}
    }


@torch.inference_mode()
def test_doses_go_by_the_gain_from_none_to_all_with_the_counts_of_the_plain_loop(study, small_network, views):
    labels = torch.tensor([row["class_index"] for row in table(study, "images")])
    means = {row["channel"]: row["mean"] for row in table(study, "mean_activations") if row["layer"] == "layer2.1"}
    gains = {row["channel"]: row["gain"] for row in table(study, "criteria/0/2.1")}
    ranked = sorted(gains, key=lambda channel: -gains[channel])
    found = {
        (row["condition"], row["draw"], row["n_ablated"], row["scale_percent"]): row["n_correct"]
        for row in table(study, "dose_response")
    }
    assert set(found) == {
        (condition, draw, dose, percent)
        for percent in PERCENTS
        for condition, draw, dose in (
            ("intact", None, 0),
            *(("gain", None, dose) for dose in (12, 24)),
            *(("random", draw, dose) for draw in (0, 1) for dose in (12, 24)),
        )
    }
    for percent in PERCENTS:
        for condition, dose in (("intact", 0), ("gain", 12), ("gain", 24)):
            answers = plain_ablation.logits(small_network, "2.1", ranked[:dose], means, views[percent]).argmax(dim=1)
            assert found[condition, None, dose, percent] == int((answers == labels).sum())
        assert found["random", 0, 24, percent] == found["random", 1, 24, percent] == found["gain", None, 24, percent]


def test_lesions_have_the_counts_of_passes_with_a_hook_that_makes_post_without_in(study, small_network, views):
    """Those of the intact network are the ablation's own. The mean is over the activations of In, which the run keeps."""
    labels = torch.tensor([row["class_index"] for row in table(study, "images")])
    means = torch.tensor([row["activations"] for row in table(study, "activations/layer2.0")], dtype=torch.float64).mean(dim=0)
    rows, counts = table(study, "lesions"), {}
    for replacement, value in {"mean": means.float(), "zero": torch.zeros(24)}.items():
        for percent in PERCENTS:
            kept = []
            hooks = [
                small_network.layer2[1].bn2.register_forward_hook(lambda _m, _i, output: kept.append(output.clone())),
                small_network.layer2[1].register_forward_hook(lambda _m, _i, _o: torch.relu(kept[0] + value[:, None, None])),
            ]
            counts[replacement, percent] = int((small_network(views[percent]).argmax(dim=1) == labels).sum())
            for hook in hooks:
                hook.remove()
    intact = {row["scale_percent"]: row for row in table(study, "ablation") if row["condition"] == "intact"}
    counts |= {("intact", percent): intact[percent]["n_correct"] for percent in PERCENTS}
    assert {(row["replacement"], row["scale_percent"]): row["n_correct"] for row in rows} == counts
    assert len(set(counts.values())) > 3
    for row in rows:
        assert row["block"] == "2.1" and unpacked(row["correct"], len(labels)).sum() == row["n_correct"]
        whole = counts[row["replacement"], 0]
        assert row["relative_accuracy"] == (pytest.approx(row["n_correct"] / whole) if whole else None)


def test_effects_have_the_papers_ratios_and_every_comparison(study):
    effects = table(study, "effects")
    ratios = {row["scale_percent"]: row for row in table(study, "ratios")}
    for row in effects:
        if (row["replacement"], row["control"]) == ("mean", "random"):
            papers = ratios[row["scale_percent"]]
            assert (row["ratio"], row["sem"], row["n_trials"]) == (papers["mean_ratio"], papers["sem"], papers["n_trials"])
    assert {(row["replacement"], row["control"], row["scale_percent"]) for row in effects} == {
        (replacement, control, percent)
        for percent in PERCENTS
        for replacement, control in [("mean", control) for control in ("random", "unscreened", "matched", "all")]
        + [("zero", "random"), ("resample", "random")]
    }


def test_verdicts_are_counted_over_both_seeds(study):
    passes = {
        (row["block"], row["channel"], row["seed"]): row["passes"]
        for seed in (0, 1)
        for block in ("2.0", "2.1")
        for row in table(study, f"criteria/{seed}/{block}")
    }
    rows = table(study, "stability")
    assert len(rows) == 48 and any(row["n_passing"] for row in rows)
    assert all(row["n_passing"] == sum(passes[row["block"], row["channel"], seed] for seed in (0, 1)) for row in rows)
    images = {seed: [row["png"] for row in table(study, f"visualizations/chunks/{seed}/layer2.1.bn2/0-24")] for seed in (0, 1)}
    assert all(one != other for one, other in zip(images[0], images[1]))


def test_counts_at_the_thresholds_in_force_are_those_of_the_criteria(study):
    found = {
        (row["block"], row["seed"], row["threshold"], row["value"]): row["n_passing"] for row in table(study, "sensitivity")
    }
    for seed in (0, 1):
        for block in ("2.0", "2.1"):
            passing = sum(row["passes"] for row in table(study, f"criteria/{seed}/{block}"))
            assert found[block, seed, "tolerance", 3] == found[block, seed, "gain_margin", 0] == passing
            assert seed or found[block, seed, "magnification", 2] == passing
    assert {threshold for *_, threshold, _ in found} == {"tolerance", "gain_margin", "magnification"}


@torch.inference_mode()
def test_the_criteria_by_natural_images_are_those_of_plain_passes(study, small_network):
    """The nine top images of In and of Pre of three channels, decoded, and magnified by torchvision."""
    top = {(row["layer"], row["channel"], row["rank"]): row["image"] for row in table(study, "top_images")}
    found = {(row["block"], row["channel"]): row for row in table(study, "natural_criteria")}

    def centers(layer, channel, magnified=False):
        """Pre and Post of the channel for the top images of a layer."""
        pairs = []
        for rank in range(1, 10):
            image = F.center_crop(F.resize(Image.open(study / top[layer, channel, rank]).convert("RGB"), 128), 112)
            inputs = F.normalize(F.to_tensor(image), [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
            if magnified:
                inputs = F.resize(F.center_crop(inputs, 56), [112, 112])
            maps = []
            block = small_network.layer2[1]
            hooks = [
                block.bn2.register_forward_hook(lambda module, inputs, output: maps.append(output.clone())),
                block.register_forward_hook(lambda module, inputs, output: maps.append(output.clone())),
            ]
            small_network(inputs[None])
            for hook in hooks:
                hook.remove()
            pairs.append([float(kept[0, channel, kept.shape[2] // 2, kept.shape[3] // 2]) for kept in maps])
        return np.array(pairs).T

    for channel in (0, 9, 23):
        (pre_in, post_in), (pre_scaled, _) = centers("layer2.0", channel), centers("layer2.0", channel, magnified=True)
        _, post_pre = centers("layer2.1.bn2", channel)
        row = found["2.1", channel]
        expected = [np.maximum(pre_in, 0).mean(), pre_scaled.mean(), post_in.mean(), post_pre.mean()]
        assert [row[name] for name in ("pre_in", "pre_in_scaled", "post_in", "post_pre")] == pytest.approx(
            expected, rel=1e-4, abs=1e-5
        )
        assert row["passes"] == (expected[0] < expected[1] and 1 / 3 < expected[2] / expected[3] < 3)
        images = {
            layer: {top[layer, channel, rank] for rank in range(1, 10)} for layer in ("layer2.0", "layer2.1.bn2", "layer2.1")
        }
        assert (row["in_pre"], row["pre_post"]) == (
            len(images["layer2.0"] & images["layer2.1.bn2"]),
            len(images["layer2.1.bn2"] & images["layer2.1"]),
        )


def test_tuning_at_the_criterions_scale_is_the_criterions_term(study):
    """Pre's response to the visualization of In, twice as large, is what Eq. 1 reads."""
    tuning = {
        (row["block"], row["channel"]): row
        for row in table(study, "tuning")
        if (row["source"], row["stimulus"], row["magnification"]) == ("In", "visualization", 2)
    }
    rows = [row for row in table(study, "criteria") if not row["in_dead_gradient"]]
    assert len(tuning) == len(rows)
    assert [tuning[row["block"], row["channel"]]["pre"] for row in rows] == pytest.approx(
        [row["pre_in_scaled"] for row in rows], rel=1e-4, abs=1e-5
    )


def test_adding_a_seed_computes_that_seed_alone(study):
    plan = planned(study, overlaid(TINY_STUDY, visualization={"seeds": [0, 1, 2]}))
    assert {rule: plan.get(rule) for rule in ("visualize", "evaluate_criteria", "gather_visualizations", "ablate")} == {
        "visualize": 4,
        "evaluate_criteria": 2,
        "gather_visualizations": None,
        "ablate": None,
    }  # In and Pre of two blocks
