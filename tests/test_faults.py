"""What a run survives: each test ends in the tables of an undisturbed run, and what was finished is not done again."""

import os
import random
import re
import shutil
import subprocess
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from runs import SNAKEMAKE, TINY, awaited, checkout, finished, kill, planned, processes, snakemake, started, tables

EFFECTS = {"kinds": ["zero", "resample"], "resamples": 100_000}  # settings of the study, for a job of seconds
STAGES = ["visualize", "extract_activations", "ablate"]


@pytest.fixture(scope="module")
def resumable(tmp_path_factory):
    """A copy of the project that keeps checkpoints quickly, for a run that one test after the other kills and resumes."""
    folder = checkout(tmp_path_factory.mktemp("resumable"))
    quickly_kept(folder)
    return folder


@pytest.fixture
def moment() -> random.Random:
    """Random moments; the test's output says which."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    return random.Random(seed)


def quickly_kept(folder) -> None:
    """Have the copy of the project keep a checkpoint at nearly every step, slowly enough to be caught at it."""
    path = folder / "workflow/scalestream/checkpoint.py"
    text = path.read_text()
    assert "INTERVAL = 60" in text and text.count("self.pending.clear()") == 1
    path.write_text(text.replace("INTERVAL = 60", "INTERVAL = 0.05")
                    .replace("self.pending.clear()", "self.pending.clear(); time.sleep(0.2)"))


def checkpoints(folder, place: str) -> list:
    return [*(folder / "results").glob(f"{place}.checkpoint-*/*.pt")]


def resumed(folder, before: dict) -> None:
    """Run again; what was finished is not written again."""
    run = snakemake(folder, TINY)
    assert run.returncode == 0, run.stdout + run.stderr
    assert before and [path for path, written in before.items() if path.stat().st_mtime_ns != written] == []
    assert not [path for path in (folder / "results").rglob(".*.*")]  # checkpoints and partial files


@pytest.mark.parametrize(("script", "place", "target", "study"), [
    ("visualize", "visualizations/chunks/**/.*", "criteria", {}),
    ("extract_activations", "activations/.*", "mean_activations", {}),
    ("ablate_no_scale", "ablation/2.1/.*", "ablation/2.1/no_scale", {}),
    ("screen_candidates", "ablation/2.1/random/screening/.*", "candidates", {}),
    ("ablate", "ablation/2.1/random/mean/.*", "ablation", {}),
    ("compute_effects", ".effects.parquet", "effects", EFFECTS),
])
def test_a_killed_job_goes_on_from_its_checkpoint(resumable, script, place, target, study):
    """The whole machinery, on jobs of seconds; that no step is done twice is shown by test_checkpoint.py."""
    folder, target, config = resumable, f"results/{target}.parquet", TINY | {"study": study}
    run = started(folder, config, target)
    awaited(lambda: checkpoints(folder, place))
    before, victims = finished(folder), processes(folder, script)
    kill(victims)
    assert victims and run.wait() == 1 and checkpoints(folder, place)
    again = snakemake(folder, config, target)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "going on from what an earlier try kept" in again.stderr
    assert [path for path, written in before.items() if path.stat().st_mtime_ns != written] == []
    assert not checkpoints(folder, place)


def test_in_the_end_nothing_shows_it(resumable, tiny):
    run = snakemake(resumable, TINY)
    assert run.returncode == 0, run.stdout + run.stderr
    found = tables(resumable)
    assert tables(tiny).items() <= found.items()
    (resumable / "results/effects.parquet").unlink()
    undisturbed = snakemake(resumable, TINY | {"study": EFFECTS}, "results/effects.parquet")
    assert undisturbed.returncode == 0, undisturbed.stdout + undisturbed.stderr
    assert tables(resumable) == found
    assert not [path for path in (resumable / "results").rglob(".*.*")]  # checkpoints and partial files


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
    truncated, empty, foreign, other = (results / name for name in (
        "visualizations/layer2.0.parquet", "criteria/0/2.1.parquet", "mean_activations.parquet", "ratios.parquet"))
    truncated.write_bytes(truncated.read_bytes()[:-100])
    empty.write_bytes(b"")
    pq.write_table(pa.table({"a": [1]}), foreign)
    shutil.copy(results / "candidates.parquet", other)
    run = snakemake(copy, TINY)
    assert run.returncode == 0, run.stdout + run.stderr
    for path in (truncated, empty, foreign, other):
        assert re.search(rf"{path.relative_to(copy)} .*it is now {path.relative_to(copy)}\.damaged", run.stderr), path
        assert path.with_name(f"{path.name}.damaged").exists()
    assert tables(copy) == tables(tiny)
    assert planned(snakemake(copy, TINY, "--dry-run")) == {}


def test_a_table_damaged_inside_is_not_read_as_data(copy):
    path = copy / "results/visualizations/layer2.0.parquet"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    run = snakemake(copy, TINY)
    assert run.returncode == 1
    assert re.search(r"results/visualizations/layer2\.0\.parquet is damaged .*; delete it and run again", run.stderr)
    path.unlink()
    assert snakemake(copy, TINY).returncode == 0


def test_a_disk_that_fills_up(tiny, copy):
    """A real, small file system, with room for a third of the activations."""
    results, kept = copy / "results", copy / "kept"
    shutil.rmtree(results / "activations")
    (results / "mean_activations.parquet").unlink()
    results.rename(kept)
    results.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "tmpfs", results], capture_output=True).returncode:
        pytest.skip("mounting a small file system needs root")
    try:
        shutil.copytree(kept, results, dirs_exist_ok=True)
        shutil.rmtree(kept)
        size = shutil.disk_usage(results).used + 50_000
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
    first = started(copy, TINY, "--forcerun", "extract_activations")
    awaited(lambda: processes(copy, "extract_activations"))
    second = snakemake(copy, TINY)
    assert second.returncode == 1
    assert "Directory cannot be locked" in second.stderr and "--unlock" in second.stderr
    assert first.wait() == 0
    assert planned(snakemake(copy, TINY, "--dry-run")) == {}


def test_gpu_jobs_take_turns_unless_told_otherwise(copy):
    """With a stand-in for the driver's list of GPUs."""
    driver = copy / "bin" / "nvidia-smi"
    driver.parent.mkdir()
    driver.write_text("#!/bin/sh\necho GPU 0\n")
    driver.chmod(0o755)
    path = f"{driver.parent}:{SNAKEMAKE.parent}:{os.environ['PATH']}"
    layers = [f"results/visualizations/chunks/0/{layer}/0-24.parquet" for layer in ("layer2.0", "layer2.1")]

    def most_at_once(*arguments, path=path) -> int:
        run = snakemake(copy, TINY, *layers, "--forcerun", "visualize", *arguments, path=path)
        assert run.returncode == 0, run.stdout + run.stderr
        return max(int(count) for count in re.findall(r"Execute (\d+) jobs", run.stdout + run.stderr))

    assert most_at_once() == 1
    assert most_at_once("--resources", "gpu=2") == 2
    driver.unlink()
    assert most_at_once() == 2
