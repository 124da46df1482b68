"""Real Snakemake runs on tiny inputs: the outputs, what runs again, and how bad input is met."""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch
import yaml
from PIL import Image

from conftest import REPOSITORY, randomized
from runs import SNAKEMAKE, TINY, completed, forked, overlaid, planned, rules_in, snakemake, table
from scalestream.figures.catalogue import FIGURES

COLUMNS = {
    "visualizations/layer2.1.bn2": {"layer", "channel", "objective", "activation", "png"},
    "criteria": {
        "block",
        "channel",
        "pre_in",
        "pre_in_scaled",
        "post_in",
        "post_pre",
        "ratio",
        "passes",
        "normalized_gain",
        "gain_rank",
    },
    "null": {"block", "seed", "n_channels", "passing", "expected", "lower", "upper", "excess", "p"},
    "responses_to_visualizations/0/2.1": {"source", "channel", "magnification", "in", "pre", "post", "rewired"},
    "mean_activations": {"layer", "channel", "mean", "n_images"},
    "top_images": {"layer", "channel", "rank", "activation", "image"},
    "candidates": {"block", "draw", "channels", "n_correct", "accuracy", "accepted"},
    "ablation": {"block", "condition", "trial", "scale_percent", "n_correct", "n_images", "accuracy"},
    "ratios": {"block", "scale_percent", "mean_ratio", "sem", "n_trials"},
    "paper_comparison": {"quantity", "block", "scale_percent", "paper", "this_run", "tolerance", "verdict", "reason"},
    "benchmarks": {"rule", "job", "seconds", "cpu_seconds", "max_rss_mb"},
}


SAID_OF_THE_RUN = ("run.json", "progress.txt")


def test_the_stable_outputs(tiny):
    for name, columns in COLUMNS.items():
        assert columns <= set(pq.read_schema(tiny / "results" / f"{name}.parquet").names), name
    assert len(table(tiny, "criteria")) == 48
    passing = Counter(row["block"] for row in table(tiny, "criteria") if row["passes"])
    assert {row["block"]: row["passing"] for row in table(tiny, "null")} == {block: passing[block] for block in TINY["blocks"]}
    assert [row["channel"] for row in table(tiny, "visualizations/layer2.1.bn2")] == list(range(24))
    assert {(row["condition"], row["trial"], row["scale_percent"]) for row in table(tiny, "ablation")} == {
        (condition, trial, percent)
        for percent in (0, 20, 50)
        for condition, trial in (("intact", None), ("scale", None), ("random", 0), ("random", 1))
    }
    assert all(row["n_images"] == 48 for row in table(tiny, "ablation"))
    assert len(list((tiny / "results/figures").glob("*.pdf"))) == 12
    passing = {(row["block"], row["channel"]) for row in table(tiny, "criteria") if row["passes"]}
    assert {(row["block"], row["channel"]) for row in table(tiny, "grids")} == passing
    for figure in (
        "figure1",
        "figure2",
        "figure3/1",
        "figure4/1",
        "passing",
        "criteria",
        "accuracy",
        "objective",
        "benchmarks",
    ):
        assert Image.open(tiny / f"results/figures/{figure}.png").width > 300, figure
    assert not list((tiny / "results").rglob("*.partial"))


def test_how_far_the_run_was_in_the_end(tiny):
    """In its own folder, though Snakemake was started in another."""
    assert re.search(r"  (\d+) of \1 jobs done, ended after ", (tiny / "results/progress.txt").read_text())


def test_what_only_a_picture_needs_is_made_of_passing_channels(tiny):
    """Post of 2.1; that of 2.0 is In of 2.1."""
    passing = [row["channel"] for row in table(tiny, "criteria") if row["block"] == "2.1" and row["passes"]]
    assert 0 < len(passing) < 24
    assert [row["channel"] for row in table(tiny, "visualizations/layer2.1")] == passing
    assert len(table(tiny, "visualizations/layer2.0")) == 24
    pictured = {(row["layer"], row["channel"]): row["visualization"] is not None for row in table(tiny, "thumbnails")}
    assert {channel for (layer, channel), there in pictured.items() if layer == "layer2.1" and there} == set(passing)
    assert len(pictured) == 5 * 24 and all(there for (layer, _), there in pictured.items() if layer != "layer2.1")
    images = [path.name for path in (tiny / "results/atlas/images/layer2.1").iterdir()]
    assert sorted(images) == sorted(
        [*(f"{channel}-top.webp" for channel in range(24)), *(f"{channel}.webp" for channel in passing)]
    )
    objective = {(row["block"], row["column"]): row["n_channels"] for row in table(tiny, "objective")}
    columns = [(block, column) for block in ("2.0", "2.1") for column in ("In", "Pre", "Post")]
    assert objective == dict.fromkeys(columns, 24) | {("2.1", "Post"): len(passing)}


def test_a_channel_that_figure_1_names_and_all_of_them_can_be_visualized(copy):
    """All are those of the passing ones but for rounding, as others share their batch."""
    path = "visualizations/layer2.1"
    passing = {row["channel"]: row for row in table(copy, path)}
    named = next(channel for channel in range(24) if channel not in passing)
    config = overlaid(TINY, figures={"figure1": {"2.1": [named]}})
    completed(copy, config, "results/grids.parquet")
    assert {row["channel"] for row in table(copy, path)} == {*passing, named}
    (shown,) = (row for row in table(copy, "grids") if (row["block"], row["channel"], row["column"]) == ("2.1", named, "Post"))
    assert shown["in_figure1"] and not shown["passes"] and shown["center_neuron"]
    completed(copy, overlaid(TINY, visualization={"post": "all"}), f"results/{path}.parquet")
    every = table(copy, path)
    assert [row["channel"] for row in every] == list(range(24))
    for channel, row in passing.items():
        assert every[channel]["trace"][:4] == pytest.approx(row["trace"][:4], rel=1e-3, abs=1e-4)


def test_a_first_look_makes_its_channels_alone(copy):
    """And nothing that a run without it makes or misses. Its images are those of jobs of one channel, bit for bit, and of other
    jobs but for rounding."""

    def looking_at(channels: dict) -> dict:
        return overlaid(TINY, visualization={"channels": channels})

    def made() -> dict[Path, int]:
        """But for what the run says of itself."""
        files = {path for path in (copy / "results").rglob("*") if path.is_file() and path.name not in SAID_OF_THE_RUN}
        return {path: path.stat().st_mtime_ns for path in files if not path.is_relative_to(copy / "results/first_look")}

    before, config, folder = made(), looking_at({"layer2.1.bn2": [3]}), copy / "results/first_look"
    completed(copy, config, "first_look")
    assert made() == before and planned(copy, config) == planned(copy, config, "results/first_look/first_look.pdf") == {}
    assert [str(path.relative_to(folder)) for path in folder.rglob("*.parquet")] == ["0/layer2.1.bn2/3-4.parquet"]
    with Image.open(folder / "first_look.png") as picture:
        assert picture.width > 1200 and picture.height > 400

    place = "0/layer2.1.bn2/3-4"
    completed(copy, overlaid(config, visualization={"channels_per_job": 1}), f"results/visualizations/chunks/{place}.parquet")
    assert table(copy, f"first_look/{place}") == table(copy, f"visualizations/chunks/{place}")
    (row,) = table(copy, f"first_look/{place}")
    assert row["trace"][:4] == pytest.approx(table(copy, "visualizations/layer2.1.bn2")[3]["trace"][:4], rel=1e-3, abs=1e-4)

    more = planned(copy, looking_at({"2.1": [3], "layer2.1.bn2": [5]}), "first_look")
    assert more == {"visualize_first_look": 3, "plot_first_look": 1, "first_look": 1}


def test_a_first_look_asks_for_channels(tmp_path):
    nothing = forked(tmp_path, TINY, "first_look", "--dry-run", "--cores", "2")
    said = "config: visualization.channels names no channel; name some to look at, as {'2.1': [15]}"
    assert nothing.returncode == 1 and nothing.stderr.splitlines()[-1] == said
    plan = planned(tmp_path, overlaid(TINY, visualization={"channels": {"2.1": [15]}}), "first_look")
    assert plan == {"resolve_model": 1, "visualize_first_look": 3, "plot_first_look": 1, "first_look": 1}


def test_the_objective_of_every_column_of_every_block_is_there(tiny):
    """Also of a layer that is Post of a block and In of the next."""
    steps = [(row["block"], row["column"], row["step"]) for row in table(tiny, "objective")]
    assert steps == [
        (block, column, step) for block in ("2.0", "2.1") for column in ("In", "Pre", "Post") for step in range(1, 17)
    ]


def test_the_paper_is_not_compared_with_another_network(tiny):
    rows = table(tiny, "paper_comparison")
    assert len(rows) == 41 and {row["verdict"] for row in rows} == {"not comparable"}
    reasons = {row["reason"] for row in rows}
    assert any("model.architecture is small, the paper has resnet18" in reason for reason in reasons)
    (count,) = (row for row in rows if row["quantity"] == "passing channels" and row["block"] == "2.1")
    passing = [row for row in table(tiny, "criteria") if row["block"] == "2.1" and row["passes"]]
    assert (count["paper"], count["this_run"]) == (23, len(passing))


def test_every_job_was_measured(tiny):
    measured = {(row["rule"], row["job"]): row["seconds"] for row in table(tiny, "benchmarks")}
    study = {f"plot_{name}" for name, figure in FIGURES.items() if figure.schema.startswith("scalestream.study")}
    stages = ("images", "model", "visualization", "criteria", "activations", "measures", "circuits", "verdicts", "ablation")
    rules = rules_in(*stages, "figures", "atlas", "report") - {"index_atlases"}  # which is a family's
    asked_for = {"recovery", "channel_pairs", "channel_pair_counts", "training", "robustness"}
    asked_for |= {name for name, figure in FIGURES.items() if figure.category == "Crosscoder"}
    rules |= {f"plot_{name}" for name in FIGURES.keys() - asked_for} - study
    assert {rule for rule, _ in measured} == rules - {
        "gather_benchmarks",
        "plot_benchmarks",
        "render_tables",
    }  # which come later
    assert ("visualize", "0/layer2.0/0-24") in measured and all(seconds > 0 for seconds in measured.values())


def test_restyling_draws_the_figures_alone(copy):
    style = copy / "workflow/scalestream/figures/print.mplstyle"
    style.write_text(style.read_text().replace("font.size: 8", "font.size: 11"))
    before = {path: path.stat().st_mtime_ns for path in (copy / "results").rglob("*.parquet")}
    run = completed(copy, TINY, "results/figures/passing.pdf")
    assert "1 of 1 steps (100%) done" in run.stderr
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_trials_follow_from_criteria_and_candidates(tiny):
    passing = {row["channel"] for row in table(tiny, "criteria") if row["block"] == "2.1" and row["passes"]}
    candidates = table(tiny, "candidates")
    accuracies = {(row["condition"], row["trial"], row["scale_percent"]): row for row in table(tiny, "ablation")}
    assert passing and [row["draw"] for row in candidates] == list(range(len(candidates)))
    assert all(len(row["channels"]) == len(passing) and not passing & set(row["channels"]) for row in candidates)
    for trial, draw in enumerate(row for row in candidates if row["accepted"]):
        assert accuracies["random", trial, 0]["n_correct"] == draw["n_correct"]
    ratio = next(row for row in table(tiny, "ratios") if row["scale_percent"] == 50)
    by_hand = [accuracies["scale", None, 50]["accuracy"] / accuracies["random", trial, 50]["accuracy"] for trial in (0, 1)]
    assert ratio["mean_ratio"] == pytest.approx(sum(by_hand) / 2) and ratio["n_trials"] == 2


def test_a_second_run_has_nothing_to_do(copy):
    run = completed(copy, TINY)
    assert "Nothing to be done" in run.stdout + run.stderr


def test_more_trials_keep_those_there_are(copy):
    kept = {path: path.stat().st_mtime_ns for path in (copy / "results/ablation").rglob("*.parquet")}
    before = {name: table(copy, name) for name in ("candidates", "ablation")}
    completed(copy, overlaid(TINY, ablation={"trials": 3}), "results/candidates.parquet", "results/ablation.parquet")
    assert all(path.stat().st_mtime_ns == time for path, time in kept.items())
    candidates = table(copy, "candidates")
    assert candidates[: len(before["candidates"])] == before["candidates"] and sum(row["accepted"] for row in candidates) == 3
    ablation = table(copy, "ablation")
    assert all(row in ablation for row in before["ablation"]) and len(ablation) == len(before["ablation"]) + 3


def test_verdicts_do_not_depend_on_how_channels_are_chunked(copy):
    """Nor do the numbers, but by rounding: in chunks of 16 other channels share a batch."""
    place = "criteria/0/2.1"
    before = table(copy, place)
    completed(copy, overlaid(TINY, visualization={"channels_per_job": 16}), f"results/{place}.parquet")
    after = table(copy, place)
    assert (copy / "results/visualizations/chunks/0/layer2.1.bn2/16-24.parquet").exists()
    assert [(row["channel"], row["passes"]) for row in after] == [(row["channel"], row["passes"]) for row in before]
    for name in ("pre_in", "pre_in_scaled", "post_in", "post_pre"):
        assert [row[name] for row in after] == pytest.approx([row[name] for row in before], rel=1e-3, abs=1e-4)


def test_numbers_do_not_depend_on_the_cache_nor_on_how_trials_are_chunked(copy):
    """Deleted, the cache is missed by nobody; without pixels, and with both trials in one job, there are the same numbers."""
    before = {name: table(copy, name) for name in ("candidates", "ablation", "ratios", "mean_activations")}
    shutil.rmtree(copy / "results/image_cache")
    assert planned(copy, overlaid(TINY, images={"cache": False})) == {}
    completed(
        copy,
        overlaid(TINY, images={"cache": False}, ablation={"trials_per_job": 2}),
        "results/ratios.parquet",
        "results/candidates.parquet",
        "--forcerun",
        "extract_activations",
    )
    assert (copy / "results/ablation/2.1/random/mean/0-2.parquet").exists()
    assert {name: table(copy, name) for name in before} == before
    assert sum(path.stat().st_size for path in (copy / "results/image_cache").glob("*.arrow")) < 48 * 1000


def test_a_disk_without_room_for_the_cache_stops_the_run(tmp_path, real_files):
    """A real, small file system."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("mounting a small file system needs root")
    try:
        folder = disk / "images" / "a"
        folder.mkdir(parents=True)
        for place in range(60):
            Image.open(real_files[1]).convert("RGB").resize((48, 48)).save(folder / f"{place}.jpg")
        config = {"images": {"source": "class_folders", "root": "images"}}
        run = snakemake(disk, config, "results/image_cache/0-of-4.arrow")
        assert run.returncode == 1
        assert re.search(
            r"images\.cache: the cache in results/image_cache needs 2\.95MB more and [\d.]+[kM]B are free; make room, "
            "or set images.cache to false",
            run.stderr,
        )
        assert (disk / "results/images.parquet").exists() and not list((disk / "results/image_cache").glob("*.arrow"))
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_a_disk_that_fills_up_is_met_with_one_line(tmp_path):
    """One line, and nothing half-written; /dev/full refuses as a full disk does."""
    program = f"""
import errno, sys
sys.path[:0] = [{str(REPOSITORY / "workflow" / "scripts")!r}, {str(REPOSITORY / "workflow")!r}]
from types import SimpleNamespace
from job import run
from scalestream.run.files import atomic_write
def main(snakemake):
    with atomic_write("out") as partial, open(partial, "w"), open("/dev/full", "w", buffering=1) as full:
        full.write("no room\\n")
run(main, SimpleNamespace(log=["job.log"], rule="a_rule", wildcards={{}}, params={{}}, input=[], output=["out"], threads=1))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=os.environ | {"SCALESTREAM_RUN": str(os.getpid())},
    )
    assert done.returncode == 1 and sorted(path.name for path in tmp_path.iterdir()) == ["job.log"]
    assert done.stderr.strip() == (
        "[a_rule] no space left on the disk of results or of temporary files; make room and run again: what is finished is kept"
    )


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"visualization": {"stepz": 3}}, "config: visualization.stepz is not a known key; did you mean 'steps'?"),
        ({"blocks": ["2.1", "9.0"]}, "config: blocks: small has no block '9.0'; it has 1.1, 2.0, 2.1, 3.0, 3.1, 4.0, 4.1"),
        (
            {"images": {"source": "wnid_folders", "root": "missing"}},
            "config: images.root: there is no folder missing; give the folder of the images",
        ),
    ],
)
def test_bad_input_stops_before_any_job_with_one_line(tmp_path, config, message):
    run = snakemake(tmp_path, config)
    assert run.returncode == 1
    said = [line for line in run.stderr.splitlines() if not line.startswith(("Using workflow", "Config file"))]
    assert said == [message]
    assert not (tmp_path / "results").exists()


def test_weights_that_do_not_fit_stop_before_any_job(tmp_path):
    torch.save(randomized("small", 12).state_dict(), tmp_path / "small.pth")
    run = snakemake(tmp_path, {"model": {"architecture": "resnet18", "weights": "small.pth"}})
    assert run.returncode == 1 and not (tmp_path / "results").exists()
    assert run.stderr.splitlines()[-1] == (
        "model.weights: small.pth does not fit resnet18: conv1.weight has shape "
        "(16, 3, 7, 7), the network needs (64, 3, 7, 7); give weights of resnet18"
    )


def test_unreadable_images_stop_the_run_with_their_names(tmp_path):
    (tmp_path / "images" / "a").mkdir(parents=True)
    for name in ("1.JPEG", "2\udcff.JPEG", "3\n.JPEG"):
        (tmp_path / "images" / "a" / name).write_text("not a picture")
    config = {"images": {"source": "class_folders", "root": "images"}}
    run = snakemake(tmp_path, config, "results/images.parquet")
    assert run.returncode == 1
    (line,) = (line for line in run.stderr.splitlines() if line.startswith("[list_images] ") and "unreadable" in line)
    assert "] 3 unreadable image file(s): images/a/1.JPEG (" in line
    assert r"images/a/2\xff.JPEG (its name is not UTF-8; rename it); images/a/3\n.JPEG (" in line
    assert "Traceback" not in (tmp_path / "logs/list_images.log").read_text()
    assert not (tmp_path / "results/images.parquet").exists()


def test_a_nested_key_on_the_command_line(tmp_path):
    run = snakemake(tmp_path, {}, "--dry-run", "--config", "images={root: missing, source: class_folders}")
    assert "images.root: there is no folder missing" in run.stderr


def test_snakemake_itself_refuses_a_dotted_key_and_a_missing_file(tmp_path):
    """Before it reads anything of ours; as the README says, its last line has the reason."""
    for arguments, reason in [
        (["--config", "ablation.trials=12"], "Config entry must start with a valid identifier"),
        (["--configfile", "gone.yaml"], "No such file or directory: 'gone.yaml'"),
    ]:
        line = [SNAKEMAKE, "--snakefile", REPOSITORY / "Snakefile", "--directory", tmp_path, "--dry-run", *arguments]
        run = subprocess.run(line, capture_output=True, text=True, check=False)
        assert run.returncode == 1 and reason in run.stdout.strip().splitlines()[-1]


def test_too_few_candidates_say_how_many_were_found(copy):
    """Screening that gives up fails with what to change, and everything computed before stays."""
    config = overlaid(
        TINY, ablation=TINY["ablation"] | {"trials": 9, "trials_per_job": 9, "max_candidates": 9, "slack": {"2.1": 0}}
    )
    run = snakemake(copy, config, "results/candidates.parquet")
    assert run.returncode == 1
    assert re.search(
        r"block 2\.1: [0-8] of 9 random trials found among the first 9 draws; raise ablation\.max_candidates", run.stderr
    )
    assert (copy / "results/ablation/2.1/random/screening/0-1.parquet").exists()
    assert (copy / "results/ablation/2.1/no_scale.parquet").exists()


def test_an_activation_that_is_not_finite_names_the_channel_and_stops(tmp_path):
    network = randomized("small", 12)
    network.layer2[1].conv2.weight[7] *= 1e6
    network.layer2[1].bn2.weight[7] = 3e38
    torch.save(network.state_dict(), tmp_path / "overflowing.pth")
    config = overlaid(TINY, model={"weights": "overflowing.pth"})
    run = snakemake(tmp_path, config, "results/visualizations/layer2.1.bn2.parquet")
    assert run.returncode == 1
    assert "layer2.1.bn2, channel 7: the activation is" in run.stderr and "check the weights (model.weights)" in run.stderr
    assert not (tmp_path / "results/visualizations/layer2.1.bn2.parquet").exists()
    assert "Traceback" not in (tmp_path / "logs/visualize/0/layer2.1.bn2/0-24.log").read_text()


@pytest.fixture
def paper(tmp_path):
    """The paper's configuration, and the arguments that name an image folder, of one empty file."""
    (tmp_path / "val" / "n01440764").mkdir(parents=True)
    (tmp_path / "val" / "n01440764" / "a.JPEG").touch()
    images = ["--config", f"images={{root: {tmp_path / 'val'}}}"]
    return yaml.safe_load((REPOSITORY / "config/paper.yaml").read_text()), images


def test_the_plan_for_slurm_says_what_is_submitted_on_a_few_screens(tmp_path, paper):
    config, images = paper
    profile = ["--workflow-profile", REPOSITORY / "profiles/slurm", "--quiet", "rules", "host"]
    run = forked(tmp_path, config, *images, "--dry-run", *profile)
    *above, last = run.stdout.splitlines()
    assert run.returncode == 0 and len(above) < 130
    readme = re.sub(r"\s+", " ", (REPOSITORY / "docs/cluster.md").read_text())
    every, submitted = re.search(r"The paper's run has (\d+) jobs, of which (\d+) go there", readme).groups()
    counts = dict(re.findall(r"(\w+) (\d+)(?:, |$)", last.partition(" runs: ")[2]))
    assert last.startswith(
        f"{submitted} of {every} jobs go to the cluster, the others run where snakemake runs: visualize 116, "
    )
    assert sum(map(int, counts.values())) == int(submitted)
    assert {"screen_candidates", "ablate", "list_images"} < set(counts) and "resolve_model" not in counts
    assert "cluster" not in forked(tmp_path, config, *images, "--dry-run", "--cores", "2", "--quiet").stdout


def test_every_rule_of_the_papers_run_is_planned(tmp_path, paper):
    paper, images = paper
    jobs = planned(tmp_path, paper, *images)
    read = {64: 2, 128: 4, 256: 4, 512: 4}  # layers that are In or Pre of a block, by their channels
    assert jobs["visualize"] == sum(layers * channels // 32 for channels, layers in read.items())
    assert jobs["gather_visualizations"] == 14 and jobs["visualize_posts"] == 4
    every = planned(tmp_path, overlaid(paper, visualization={"post": "all"}), *images)
    assert every["visualize"] == jobs["visualize"] + (64 + 128 + 256 + 512) // 32
    assert every["gather_visualizations"] == 18 and "visualize_posts" not in every
    assert jobs["screen_candidates"] == jobs["ablate"] == 4 and jobs["cache_images"] == 4
    on_slurm = planned(tmp_path, paper, "--workflow-profile", str(REPOSITORY / "profiles/slurm"), *images)
    assert on_slurm == jobs and sum(jobs.values()) < 400


def test_lint_has_nothing_to_say():
    run = subprocess.run(
        [Path(sys.executable).with_name("snakemake"), "--lint"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0 and "Congratulations" in run.stdout + run.stderr, run.stdout + run.stderr
