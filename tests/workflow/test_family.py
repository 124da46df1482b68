"""Real runs of several networks side by side: what is shared, what runs again, and what a fault in one leaves of the others."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from PIL import Image

from conftest import REPOSITORY
from runs import (
    EMBEDDED,
    PATH,
    PLAIN,
    PLANTED,
    SNAKEMAKE,
    TINY_FAMILY,
    command,
    completed,
    forked,
    jobs,
    overlaid,
    planned,
    snakemake,
    state,
    table,
)

RANDOM = {"name": "random", "model": {"weights": "random:0"}, "visualization": {"steps": 3}}
NAMES = ("embedded", "planted", "plain")
COMPARED = {"passing", "peak_lags", "family_ratios", "robustness"}


def of(*networks: dict, **more) -> dict:
    return overlaid(TINY_FAMILY, family={"networks": list(networks)}, **more)


def by_network(counts: dict[str, int]) -> dict[str, set[str]]:
    """The rules of a plan by the network, or the images, that they are of; "" for those of the family."""
    names = ("embedded", "planted", "plain", "random", "own", "demo", "gratings", "class", "training")
    found: dict[str, set[str]] = {}
    for rule in counts:
        name = next((name for name in names if rule.startswith(f"{name}_")), "")
        found.setdefault(name, set()).add(rule.removeprefix(f"{name}_"))
    return found


def test_the_results_of_each_network_are_those_of_a_run_of_it_alone(family, tmp_path):
    """But for the images, which are where all have them."""
    alone = overlaid(TINY_FAMILY, family={"networks": []}, measures=EMBEDDED["measures"])
    files = ["criteria", "null", "robustness", "mean_activations"]
    completed(tmp_path, alone, *(f"results/{name}.parquet" for name in files))
    for name in files:
        assert table(family / "networks/embedded", name) == table(tmp_path, name), name
    listed = table(family / "networks/embedded", "images")
    (shared,) = (family / "images").glob("demo_*")
    assert listed == table(shared, "images") and len({Path(row["path"]).parts[:2] for row in listed}) == 1
    assert [row["sha256"] for row in listed] == [row["sha256"] for row in table(tmp_path, "images")]
    assert not (family / "networks/embedded/results/image_cache").exists()
    assert {path.name for path in (shared / "results/image_cache").glob("*.arrow")} == {f"{k}-of-4.arrow" for k in range(4)}


def test_what_is_compared(family):
    assert COMPARED <= {path.stem for path in (family / "results").glob("*.parquet")}
    shares = table(family, "passing")
    assert [(row["network"], row["block"]) for row in shares] == [("embedded", "2.1"), ("planted", "1.1"), ("plain", "2.1")]
    for row in shares:
        (null,) = [each for each in table(family / "networks" / row["network"], "null") if each["block"] == row["block"]]
        assert (row["passing"], row["n_channels"]) == (null["passing"], null["n_channels"])
        assert row["expected"] == pytest.approx(null["expected"] / null["n_channels"])
    accuracies = {(row["network"], row["magnification"]): row["accuracy"] for row in table(family, "robustness")}
    alone = table(family / "networks/planted", "robustness")
    assert accuracies.keys() >= {("planted", 1), ("embedded", 2)}
    assert [accuracies["planted", row["magnification"]] for row in alone] == [row["accuracy"] for row in alone]
    for figure in ("passing_by_depth", "family_robustness"):
        assert (family / f"results/figures/{figure}.pdf").stat().st_size > 1000
    assert planned(family, TINY_FAMILY) == {}


def test_a_network_that_is_added_computes_itself_and_the_comparison(family):
    added = by_network(planned(family, of(EMBEDDED, PLANTED, PLAIN, RANDOM)))
    assert set(added) == {"random", ""} and {"resolve_model", "visualize", "take_images"} <= added["random"]
    assert all(rule.startswith(("compare_", "plot_", "render_")) for rule in added[""])


def test_a_changed_key_of_one_network_runs_that_network_again(family):
    changed = by_network(planned(family, of(EMBEDDED | {"criteria": {"tolerance": 2}}, PLANTED, PLAIN)))
    assert set(changed) == {"embedded", ""} and {"evaluate_criteria", "select_channels", "ablate"} <= changed["embedded"]
    assert not {"visualize", "resolve_model", "measure_robustness", "take_images"} & changed["embedded"]
    assert by_network(planned(family, of(EMBEDDED, PLANTED, criteria={"tolerance": 2}))).keys() == {"embedded", "planted", ""}


def test_weights_that_do_not_fit_are_refused_with_the_networks_name(family, tmp_path):
    (tmp_path / "own.safetensors").write_bytes((REPOSITORY / "resources/small.safetensors").read_bytes())
    own = {"name": "random", "model": {"architecture": "resnet18", "weights": "own.safetensors"}}
    refused = forked(tmp_path, of(EMBEDDED, own), "--dry-run", "--cores", "2")
    assert refused.returncode and "network random: model.weights: own.safetensors does not fit resnet18" in refused.stderr


@pytest.mark.long
def test_a_network_that_fails_leaves_the_others(family, tmp_path):
    """An image of its own cannot be read; the new network beside it is finished, and it goes on when the image is mended."""
    folder = Path(shutil.copytree(family, tmp_path / "run"))
    drawn = next((folder / "images").glob("demo_*")) / "results/demo_images"
    shutil.copytree(drawn, folder / "drawn", ignore=shutil.ignore_patterns(".snakemake_timestamp"))
    image = next((folder / "drawn").glob("*/*.png"))
    whole = image.read_bytes()
    image.write_bytes(whole[:100])
    own = {"name": "own", "images": {"source": "class_folders", "root": "drawn"}}
    config = of(EMBEDDED, PLANTED, PLAIN, RANDOM, own)
    before = {path: written for path, written in state(folder / "networks").items() if path.name != "run.json"}
    failed = snakemake(folder, config, "--keep-going")
    assert failed.returncode and "1 unreadable image file(s)" in failed.stderr
    assert before.items() <= state(folder / "networks").items()
    assert table(folder / "networks/random", "criteria") and not (folder / "networks/own/results/robustness.parquet").exists()
    image.write_bytes(whole)
    again = by_network(planned(folder, config))
    assert set(again) == {"own", "class", ""} and "measure_robustness" in again["own"]
    completed(folder, config)
    assert {row["network"] for row in table(folder, "passing")} == {*NAMES, "random", "own"}


def test_the_folder_of_a_family_and_of_a_network_are_not_taken_for_each_other(family):
    before = state(family / "results")
    alone = overlaid(TINY_FAMILY, family={"networks": []})
    refused = forked(family, alone, "--dry-run", "--cores", "2")
    assert (
        refused.returncode and "holds another experiment: family.networks is several there and not set here" in refused.stderr
    )
    other = of(EMBEDDED | {"model": {"weights": "random:1"}}, PLANTED, PLAIN)
    refused = forked(family, other, "--dry-run", "--cores", "2")
    assert (
        refused.returncode and "networks/embedded/results holds another experiment: model.weights is embedded" in refused.stderr
    )
    assert state(family / "results") == before


def test_a_job_on_a_cluster_reads_the_rules_of_its_network(family, tmp_path):
    """Started as an executor starts it; and so for everything, of which such a job knows its part alone."""
    folder, target = Path(shutil.copytree(family, tmp_path / "run")), "embedded_gather_criteria"
    (folder / "networks/embedded/results/criteria.parquet").unlink()
    started = [sys.executable, "-m", *command(folder, overlaid(TINY_FAMILY, family={"makes": "everything"}))]
    started[started.index(SNAKEMAKE)] = "snakemake"
    asked = [
        "--target-jobs",
        f"{target}:",
        "--allowed-rules",
        target,
        "--mode",
        "remote",
        "--cores",
        "1",
        "--force",
        "--nolock",
    ]
    environment = os.environ | {"PATH": PATH, "SCALESTREAM_RUN": str(os.getpid())}
    job = subprocess.run([*started, *asked, "--cores", "1"], capture_output=True, text=True, env=environment)
    assert job.returncode == 0, job.stderr
    assert table(folder / "networks/embedded", "criteria") == table(family / "networks/embedded", "criteria")


def test_everything_of_each_network_is_planned_with_an_index_of_their_atlases(tmp_path):
    counts = by_network(planned(tmp_path, overlaid(TINY_FAMILY, family={"makes": "everything"})))
    assert "index_atlases" in counts[""]
    assert {"build_atlas", "plot_figure2", "compare_with_paper", "render_tables"} <= counts["embedded"]
    assert {"build_atlas", "compute_recovery"} <= counts["planted"]
    assert counts["demo"] and not {"list_images", "draw_demo_images"} & counts["embedded"]


def shipped(tmp_path: Path, name: str) -> dict:
    """A configuration file, with a photograph in each folder that it wants."""
    config = yaml.safe_load((REPOSITORY / "config" / f"{name}.yaml").read_text())
    if config["images"].get("source") == "wnid_folders":
        for part in ("val", "train"):
            (tmp_path / part / "n01440764").mkdir(parents=True)
            Image.new("RGB", (8, 8)).save(tmp_path / part / "n01440764" / "a.JPEG")
        config = overlaid(
            config, images={"root": "val"}, training={"images": {"root": "train" if "training" in config else None}}
        )
    return config


@pytest.mark.parametrize(
    ("name", "trained", "sets", "compared"),
    [
        ("family_demo", 2, 3, {"passing", "lags", "ratios", "robustness"}),
        ("streamless", 36, 2, {"passing", "robustness"}),
        ("family", 0, 1, {"passing", "lags", "ratios", "robustness"}),
        ("streamless_imagenet", 36, 2, {"passing", "robustness"}),
    ],
)
def test_the_shipped_families_are_planned_for_slurm(tmp_path, name, trained, sets, compared):
    """With as many trainings as they say, and each set of images listed once."""
    config = shipped(tmp_path, name)
    counts = jobs(forked(tmp_path, config, "--dry-run", "--workflow-profile", str(REPOSITORY / "profiles/slurm")))
    networks = (
        len(config["family"]["networks"]) * len(config["family"].get("recipes", [0])) * len(config["family"].get("seeds", [0]))
    )
    ending = lambda *rules: sum(count for name, count in counts.items() if name.endswith(rules))
    assert ending("_resolve_model") == ending("_take_images") == networks
    assert ending("_train") == trained and ending("_list_images", "_list_training_images") == sets
    assert {name.removeprefix("compare_") for name in counts if name.startswith("compare_")} == compared
    assert ("contrast_arms" in counts) == (config["family"].get("reference") is not None)
    assert ("index_atlases" in counts) == (config["family"].get("makes") != "comparison")


def test_rules_of_a_network_have_the_resources_that_the_profile_gives_to_their_kind(tmp_path):
    profile = str(REPOSITORY / "profiles/slurm")
    said = forked(tmp_path, TINY_FAMILY, "--dry-run", "--workflow-profile", profile)
    assert said.returncode == 0, said.stderr
    given = yaml.safe_load((REPOSITORY / "profiles/slurm/config.yaml").read_text())["set-resources"]["visualize"]
    blocks = [block for block in said.stdout.split("\n\n") if "rule embedded_visualize:" in block]
    assert blocks and all(f"runtime={240}" in block and f"gpu={given['gpu']}" in block for block in blocks)
    assert "embedded_visualize" in jobs(said)
