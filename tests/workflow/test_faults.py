"""What a run survives: each test ends in the tables of an undisturbed run, and what was finished is not done again."""

import os
import random
import re
import shutil
import subprocess
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from runs import (
    SNAKEMAKE,
    TINY,
    TINY_STUDY,
    awaited,
    checkout,
    completed,
    finished,
    kill,
    overlaid,
    planned,
    processes,
    snakemake,
    started,
    tables,
)

STAGES = ["visualize", "extract_activations", "ablate"]
NOT_BY_CODE = ["--rerun-triggers", "mtime", "input"]  # so that an edit of the library runs nothing again


@pytest.fixture
def moment() -> random.Random:
    """Random moments; the test's output says which."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    return random.Random(seed)


def quickly_kept(folder) -> None:
    """Have the copy of the project keep a checkpoint at nearly every step, slowly enough to be caught at it."""
    path = folder / "workflow/scalestream/run/checkpoint.py"
    text = path.read_text()
    assert "INTERVAL = 60" in text and text.count("self.pending.clear()") == 1
    path.write_text(
        text.replace("INTERVAL = 60", "INTERVAL = 0.05").replace(
            "self.pending.clear()", "self.pending.clear(); time.sleep(0.2)"
        )
    )


def checkpoints(folder, output: str) -> list:
    """Those of the jobs that make outputs of this pattern."""
    place, name = output.rsplit("/", 1)
    return [*(folder / "results" / place).glob(f".{name}.checkpoint-*/*.pt")]


def resumed(folder, before: dict) -> None:
    """Run again; what was finished is not written again."""
    completed(folder, TINY)
    assert before and [path for path, written in before.items() if path.stat().st_mtime_ns != written] == []
    assert not list((folder / "results").rglob(".*.*"))  # checkpoints and partial files


def reword(folder) -> None:
    """Another version, docstring and message, which no checkpoint depends on."""
    for file, old, new in [
        ("scalestream/__init__.py", '__version__ = "', '__version__ = "1.'),
        ("scalestream/visualization/ascent.py", '"""Gradient ascent', '"""Steepest ascent'),
        ("scalestream/visualization/visualize.py", "never became active", "were never active"),
    ]:
        path = folder / "workflow" / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))


def killed_and_resumed(folder, config: dict, script: str, output: str) -> None:
    """Delete a script's outputs of a finished run, kill the jobs that make them anew, reword the code, and run again."""
    quickly_kept(folder)
    paths = sorted((folder / "results").glob(output))
    targets = [str(path.relative_to(folder)) for path in paths]
    for path in paths:
        path.unlink()
    run = started(folder, config, *targets, *NOT_BY_CODE)
    awaited(lambda: checkpoints(folder, output) or run.poll() is not None)
    before, victims = finished(folder), processes(folder, script)
    kill(victims)
    assert victims and run.wait() == 1 and checkpoints(folder, output)
    reword(folder)
    again = completed(folder, config, *targets, *NOT_BY_CODE)
    assert "going on from what an earlier try kept" in again.stderr
    assert before and [path for path, written in before.items() if path.stat().st_mtime_ns != written] == []
    assert not list((folder / "results").rglob(".*.*"))  # checkpoints and partial files
    assert all(path.exists() for path in paths)


@pytest.mark.parametrize(
    ("script", "output"),
    [
        ("visualize", "visualizations/chunks/0/layer2.1.bn2/*.parquet"),
        *(
            pytest.param(*stage, marks=pytest.mark.long)
            for stage in [
                ("visualize_posts", "visualizations/layer2.1.parquet"),
                ("extract_activations", "activations/*.parquet"),
                ("ablate_no_scale", "ablation/2.1/no_scale.parquet"),
                ("screen_candidates", "ablation/2.1/random/screening/*.parquet"),
                ("ablate", "ablation/2.1/random/mean/*.parquet"),
            ]
        ),
    ],
)
def test_a_killed_job_goes_on_from_its_checkpoint(tiny, copy, script, output):
    """The whole machinery, on jobs of seconds; that no step is done twice is shown by test_checkpoint.py."""
    killed_and_resumed(copy, TINY, script, output)
    assert tables(copy) == tables(tiny)


@pytest.mark.long
def test_killed_paired_statistics_go_on_from_their_checkpoint(study, tmp_path):
    folder, config = Path(shutil.copytree(study, tmp_path / "run")), overlaid(TINY_STUDY, study={"resamples": 50_000})
    killed_and_resumed(folder, config, "compute_effects", "./effects.parquet")
    found = tables(folder)
    (folder / "results/effects.parquet").unlink()
    completed(folder, config, "results/effects.parquet", *NOT_BY_CODE)
    assert tables(folder) == found


@pytest.mark.long
def test_a_killed_snakemake(tiny, tmp_path, moment):
    """Its jobs end with it, so that the next run has the machine and the files to itself."""
    folder, before = checkout(tmp_path), {}
    for script in STAGES:
        run = started(folder, TINY)
        awaited(lambda: processes(folder, script))
        time.sleep(moment.uniform(0, 3))
        before = finished(folder) | before
        kill([run.pid])
        run.wait()
        awaited(lambda: not processes(folder), seconds=10)
        assert snakemake(folder, TINY, "--unlock").returncode == 0
    resumed(folder, before)
    assert tables(folder) == tables(tiny)


def test_damaged_and_foreign_tables_are_named_and_made_anew(tiny, copy):
    results = copy / "results"
    truncated, empty, foreign, other = (
        results / name
        for name in ("visualizations/layer2.0.parquet", "criteria/0/2.1.parquet", "mean_activations.parquet", "ratios.parquet")
    )
    truncated.write_bytes(truncated.read_bytes()[:-100])
    empty.write_bytes(b"")
    pq.write_table(pa.table({"a": [1]}), foreign)
    shutil.copy(results / "candidates.parquet", other)
    run = completed(copy, TINY)
    for path in (truncated, empty, foreign, other):
        assert re.search(rf"{path.relative_to(copy)} .*it is now {path.relative_to(copy)}\.damaged", run.stderr), path
        assert path.with_name(f"{path.name}.damaged").exists()
    assert tables(copy) == tables(tiny)
    assert planned(copy, TINY) == {}


def test_a_table_damaged_inside_is_not_read_as_data(copy):
    path = copy / "results/visualizations/layer2.0.parquet"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    run = snakemake(copy, TINY)
    assert run.returncode == 1
    assert re.search(r"results/visualizations/layer2\.0\.parquet is damaged .*; delete it and run again", run.stderr)
    path.unlink()
    completed(copy, TINY)


@pytest.mark.long
def test_a_disk_that_fills_up(tiny, copy):
    """A real, small file system, with room for a third of the activations."""
    results, kept = copy / "results", copy / "kept"
    needed = sum(path.stat().st_size for path in (results / "activations").iterdir())
    shutil.rmtree(results / "activations")
    (results / "mean_activations.parquet").unlink()
    results.rename(kept)
    results.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "tmpfs", results], capture_output=True).returncode:
        pytest.skip("mounting a small file system needs root")
    try:
        shutil.copytree(kept, results, dirs_exist_ok=True)
        shutil.rmtree(kept)
        size = shutil.disk_usage(results).used + needed // 3
        subprocess.run(["mount", "-o", f"remount,size={size}", results], check=True)
        run = snakemake(copy, TINY)
        assert run.returncode == 1
        assert "no space left on the disk of results or of temporary files; make room and run again" in run.stderr
        assert not (results / "activations").exists() or not list((results / "activations").rglob("*.parquet"))
        subprocess.run(["mount", "-o", "remount,size=100m", results], check=True)
        resumed(copy, {path: written for path, written in finished(copy).items() if "visualizations" in path.parts})
        assert tables(copy) == tables(tiny)
    finally:
        subprocess.run(["umount", "-l", results], check=True)


def test_a_second_run_in_the_same_folder_refuses(copy):
    target = "results/mean_activations.parquet"
    first = started(copy, TINY, target, "--forcerun", "extract_activations")
    awaited(lambda: processes(copy, "extract_activations"))
    second = snakemake(copy, TINY)
    assert second.returncode == 1
    assert "Directory cannot be locked" in second.stderr and "--unlock" in second.stderr
    assert first.wait() == 0
    assert planned(copy, TINY, target) == {}


def test_gpu_jobs_take_turns_unless_told_otherwise(copy):
    """With a stand-in for the driver's list of GPUs."""
    driver = copy / "bin" / "nvidia-smi"
    driver.parent.mkdir()
    driver.write_text("#!/bin/sh\necho GPU 0\n")
    driver.chmod(0o755)
    path = f"{driver.parent}:{SNAKEMAKE.parent}:{os.environ['PATH']}"
    layers = [f"results/visualizations/chunks/0/{layer}/0-24.parquet" for layer in ("layer2.0", "layer2.1")]

    def most_at_once(*arguments, path=path) -> int:
        run = completed(copy, TINY, *layers, "--forcerun", "visualize", *arguments, path=path)
        return max(int(count) for count in re.findall(r"Execute (\d+) jobs", run.stdout + run.stderr))

    assert most_at_once() == 1
    assert most_at_once("--resources", "gpu=2") == 2
    driver.unlink()
    assert most_at_once() == 2
