"""A run on planted networks, from the configuration that is shipped, with few images and steps; and what it reruns."""

import pytest
import yaml

from conftest import REPOSITORY
from runs import completed, overlaid, planned, snakemake, table
from scalestream.networks.planting import planted_kinds

PLANTED = yaml.safe_load((REPOSITORY / "config/planted.yaml").read_text())
TINY_PLANTED = overlaid(
    PLANTED,
    images={"demo": {"per_class": 4}},
    visualization={"steps": 8},
    measures={"resamples": 100},
    crosscoder={"blocks": ["1.1"], "crops": 2, "widths": [12], "k": [2], "seeds": [0], "steps": 5, "batch_size": 16},
    ablation={"selection": "circuit", "trials": 2, "scale_percents": [50], "slack": {"1.1": 1}},
    study={"recovery": [3], "nulls": ["random_weights", "permuted_weights"]},
)
TARGETS = [
    *(f"results/{name}.parquet" for name in ("recovery", "nulls", "selection/1.1", "null", "criteria")),
    "results/figures/recovery.pdf",
    "results/crosscoder/recovery.parquet",
]

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("planted")
    completed(folder, TINY_PLANTED, *TARGETS)
    return folder


def test_the_truth_is_that_of_both_networks(run):
    for place, seed in (("", 0), ("networks/planted-3/", 3)):
        truth = {row["channel"]: row["kind"] for row in table(run, f"{place}planted_channels")}
        assert truth == planted_kinds(PLANTED["model"]["planted"]["kinds"], seed)
    assert table(run, "planted_channels") != table(run, "networks/planted-3/planted_channels")


def test_the_linear_circuit_recovers_what_is_planted(run):
    """Which reads the weights alone, so that few images and steps do."""
    found = {(row["quantity"], row["kind"]): row for row in table(run, "recovery") if row["rule"] == "circuit"}
    assert (found["recall", None]["count"], found["recall", None]["total"]) == (16, 16)
    assert (found["false calls", None]["count"], found["false calls", None]["total"]) == (0, 32)
    assert found["called", "octave"]["scale_invariant"] and not found["called", "turned"]["scale_invariant"]
    assert {row["n_networks"] for row in table(run, "recovery")} == {2}
    assert (run / "results/figures/recovery.png").is_file()


def test_latents_and_channels_are_held_against_the_truth(run):
    """Of features, two channels each; so few steps make no latents to speak of."""
    rows = {(row["rule"], row["seed"], row["kind"]): row for row in table(run, "crosscoder/recovery")}
    kinds = PLANTED["model"]["planted"]["kinds"]
    rules = [("correlogram", None), ("latents", 0), ("recurring latents", 0)]
    assert set(rows) == {(rule, seed, kind) for rule, seed in rules for kind in kinds}
    assert all(row["total"] == kinds[kind] // 2 >= row["count"] for (_, _, kind), row in rows.items())
    called = [row for row in table(run, "crosscoder/1.1/latents") if row["found"] and row["lag"] > 0 and not row["shuffled"]]
    assert {row["n_called"] for (rule, _, _), row in rows.items() if rule == "latents"} == {len(called)}
    assert {row["n_called"] for (rule, _, _), row in rows.items() if rule == "recurring latents"} == {0}  # of one seed


def test_the_selection_is_the_measures(run):
    truth = {row["channel"] for row in table(run, "planted_channels") if row["scale_invariant"]}
    assert {row["channel"] for row in table(run, "selection/1.1") if row["selected"]} == truth


def test_nulls_stand_beside_the_count(run):
    rows = {row["null"]: row for row in table(run, "nulls")}
    assert set(rows) == {"observed", "rewired", "random-0", "permuted-0"}
    assert rows["observed"]["passes"] == sum(row["passes"] for row in table(run, "criteria"))
    assert rows["random-0"]["passes"] == sum(row["passes"] for row in table(run, "networks/random-0/criteria"))
    (null,) = table(run, "null")
    assert (rows["rewired"]["passes"], rows["rewired"]["upper"]) == (null["expected"], null["upper"])


def test_only_what_depends_on_a_change_runs_again(run):
    def rules(**changes):
        return set(planned(run, overlaid(TINY_PLANTED, **changes), *TARGETS))

    assert rules() == set()
    summary = {"compute_recovery", "plot_recovery"}
    others = {"resolve_other_model", "visualize_other", "measure_other_responses", "evaluate_other_criteria"}
    measured = {"measure_other_lags", "compute_other_circuits", "apply_rules_to_other", "gather_other_verdicts"}
    one_more = rules(study={"recovery": [3, 4]})
    assert one_more == others | measured | summary | {"list_other_planted_channels"}
    assert rules(study={"recovery": []}) == summary
    noise = rules(model={"planted": {"noise": 0.1}}, replace=True)
    assert {"resolve_model", "resolve_other_model", "list_planted_channels", "visualize", "select_channels"} <= noise
    assert not {"draw_demo_images", "cache_images"} & noise
    turned = rules(model={"planted": {"superposition": True}}, replace=True)
    assert {"resolve_model", "sample_views", "train_crosscoder", "recover_by_crosscoder"} <= turned


def test_of_a_studys_control_few_trials_are_a_result(run):
    """Until more candidates are asked for. Other channels vote for fewer classes than those that are planted, and harm less."""
    few = overlaid(TINY_PLANTED, ablation={"slack": {"1.1": 0}, "max_candidates": 2}, study={"controls": ["matched"]})
    target = "results/ablation/1.1/matched/mean/0-2.parquet"
    said = completed(run, few, target).stderr
    found = table(run, "ablation/1.1/matched/mean/0-2")
    n_found = len({row["trial"] for row in found})
    assert n_found < 2 and f"block 1.1: {n_found} of 2 matched trials found among the first 2 draws; the study goes on" in said
    assert planned(run, few, target) == {}
    assert set(planned(run, overlaid(few, ablation={"max_candidates": 3}), target)) == {"screen_candidates", "ablate"}


def test_trials_after_those_that_used_up_the_candidates_are_none(run):
    """Not the first draws again."""
    used_up = overlaid(
        TINY_PLANTED,
        ablation={"slack": {"1.1": 0}, "trials": 3, "trials_per_job": 1, "max_candidates": 3},
        study={"controls": ["matched"]},
    )
    screenings = [f"ablation/1.1/matched/screening/{first}-{first + 1}" for first in range(3)]
    said = completed(run, used_up, *(f"results/{name}.parquet" for name in screenings)).stderr
    assert [[row["draw"] for row in table(run, name)] for name in screenings] == [[0, 1, 2], [], []]
    assert "block 1.1: the candidates were used up before matched trial 2" in said


def test_impossible_numbers_are_one_line(tmp_path):
    refused = snakemake(tmp_path, overlaid(TINY_PLANTED, model={"planted": {"kinds": {"octave": 10}}}), "--dry-run")
    assert refused.returncode and "config: model.planted.kinds: 26 channels have a kind, and 24 a feature" in refused.stderr
    other = {"architecture": "small", "weights": "embedded"}
    refused = snakemake(tmp_path, overlaid(TINY_PLANTED, model=other, images={"source": "demo"}), "--dry-run")
    assert refused.returncode and "config: study.recovery: nothing is planted in this network" in refused.stderr
