"""What a run survives: each test ends in the tables of an undisturbed run, and what was finished is not done again."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from runs import (
    SNAKEMAKE,
    TINY,
    TINY_STUDY,
    TINY_TRAINED,
    awaited,
    checkout,
    completed,
    finished,
    forked,
    jobs,
    kill,
    overlaid,
    planned,
    processes,
    resume,
    snakemake,
    started,
    state,
    tables,
)

NOT_BY_CODE = ["--rerun-triggers", "mtime", "input"]  # so that an edit of the library runs nothing again


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
                ("extract_activations", "activations/*.parquet"),
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
def test_a_killed_training_ends_in_the_same_weights(tmp_path):
    """Bit for bit, and its table but for the speed."""
    folder, weights = checkout(tmp_path / "run"), "results/training/weights.safetensors"
    completed(folder, TINY_TRAINED, weights)
    before = (folder / weights).read_bytes(), epochs(folder)
    killed_and_resumed(folder, TINY_TRAINED, "train", "training/weights.safetensors")
    assert ((folder / weights).read_bytes(), epochs(folder)) == before


def epochs(folder) -> pa.Table:
    return pq.read_table(folder / "results/training/epochs.parquet").drop_columns("images_per_second").replace_schema_metadata()


def cut(path) -> None:
    """Cut the end off, and keep the time."""
    before = path.stat()
    path.write_bytes(path.read_bytes()[:-100])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def of_another_run(path) -> None:
    """Put a table in another's place that has its path in its record, its settings and columns, but other rows and images."""
    found = pq.read_table(path)
    record = found.schema.metadata[b"scalestream"].replace(b'"images_sha256": "', b'"images_sha256": "0')
    pq.write_table(found.slice(0, 4).replace_schema_metadata({"scalestream": record}), path)


def test_what_is_not_what_a_job_made_is_named_and_made_anew(tiny, copy):
    """Tables and other files; a dry run says it, and changes nothing."""
    results = copy / "results"
    harms = {
        "visualizations/layer2.0.parquet": cut,
        "criteria/0/2.1.parquet": lambda path: path.write_bytes(b""),
        "mean_activations.parquet": lambda path: pq.write_table(pa.table({"a": [1]}), path),
        "ratios.parquet": lambda path: shutil.copy(results / "candidates.parquet", path),
        "ablation.parquet": of_another_run,
        "figures/figure2.pdf": lambda path: path.write_bytes(b""),
        "atlas": lambda path: (path / "data.js").unlink(),
    }
    for name, harm in harms.items():
        harm(results / name)
    before = state(copy)
    said = forked(copy, TINY, "--dry-run", "--cores", "2").stdout
    assert re.search(r"\nfinished jobs that run again: \w+ \(\d\), .* more rules; they had taken [\d.]+ \w+\n", said)
    for name in harms:
        assert re.search(rf"results/{name}.* is .*; a run sets it aside as results/{name}\.damaged", said), name
    assert state(copy) == before
    run = completed(copy, TINY)
    for name in harms:
        assert re.search(rf"results/{name}.* is .*; it is now results/{name}\.damaged", run.stderr), name
        assert (results / f"{name}.damaged").exists()
    assert tables(copy) == tables(tiny)
    assert (results / "atlas/data.js").read_bytes() == (tiny / "results/atlas/data.js").read_bytes()
    assert (results / "figures/figure2.pdf").stat().st_size > 1000
    assert planned(copy, TINY) == {}


def test_a_damaged_file_that_nothing_needs_is_named_and_no_more(copy):
    """What was made of it stays, as it was whole by then."""
    harmed = [copy / "results" / name for name in ("image_cache/2-of-4.arrow", "visualizations/chunks/0/layer2.0/0-24.parquet")]
    cut(harmed[0])
    harmed[1].write_bytes(harmed[1].read_bytes()[:-100])  # now newer than what was made of it
    said = forked(copy, TINY, "--dry-run", "--cores", "2")
    assert all(f"{path.relative_to(copy)} is not what its job made (" in said.stdout for path in harmed) and jobs(said) == {}


def test_a_lost_receipt_costs_nothing_while_others_vouch_for_the_file(copy):
    """Of what nothing was made it is made anew; a file that is damaged besides is noticed."""
    manifest, receipt = copy / "results/model/manifest.json", copy / "results/model/.receipts/manifest.json.json"
    receipt.write_text(receipt.read_text().replace('"record"', '"recobd"'))
    assert planned(copy, TINY) == {}
    (copy / "results/figures/.receipts/benchmarks.pdf.json").unlink()
    said = forked(copy, TINY, "--dry-run", "--cores", "2")
    assert "results/figures/benchmarks.pdf is without its receipt, and nothing else tells whether" in said.stdout
    assert jobs(said).keys() == {"plot_benchmarks"}
    manifest.write_text(manifest.read_text().replace("embedded", "embeddee"))
    said = forked(copy, TINY, "--dry-run", "--cores", "2")
    assert "results/model/manifest.json is without its receipt" in said.stdout and "resolve_model" in jobs(said)


def test_a_drawn_image_that_is_gone_is_drawn_anew_for_what_reads_it(copy):
    """A shard of the cache does, and any job where there is no cache."""
    next((copy / "results/demo_images").glob("*/*.png")).unlink()
    assert planned(copy, TINY) == {}
    (copy / "results/image_cache/2-of-4.arrow").unlink()
    (copy / "results/mean_activations.parquet").unlink()
    next((copy / "results/activations").glob("*.parquet")).unlink()
    assert {"draw_demo_images", "list_images", "cache_images", "extract_activations"} <= set(planned(copy, TINY))


def test_results_of_an_older_version_are_judged_by_their_records(copy):
    """They have no receipts."""
    for folder in (copy / "results").rglob(".receipts"):
        shutil.rmtree(folder)
    assert planned(copy, TINY) == {}
    of_another_run(copy / "results/ablation.parquet")
    said = forked(copy, TINY, "--dry-run", "--cores", "2")
    assert "results/ablation.parquet was made of other images than its inputs; a run sets it aside" in said.stdout
    assert {"gather_ablation", "compute_ratios"} <= set(jobs(said))
    changed = overlaid(TINY, criteria={"tolerance": 2})
    assert forked(copy, changed, "--touch", "--cores", "1").returncode == 0
    assert "evaluate_criteria" in planned(copy, changed)


def test_a_dry_run_of_a_folder_that_cannot_be_written_to(copy):
    """Mounted for reading alone, as the backup of a finished run may be."""
    (copy / "results/ratios.parquet").unlink()
    plan = planned(copy, TINY)
    if os.geteuid() or subprocess.run(["mount", "--bind", copy, copy], capture_output=True).returncode:
        pytest.skip("mounting a folder for reading alone needs root")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", copy], check=True)
        assert "compute_ratios" in plan and planned(copy, TINY) == plan
        assert forked(copy, TINY, "--summary").returncode == 0
        refused = forked(copy, TINY, "--cores", "2")
        assert refused.returncode == 1 and "Traceback" not in refused.stderr
        assert refused.stderr.endswith(
            f"{copy} cannot be written to; make it writable, or name another folder with --directory\n"
        )
    finally:
        subprocess.run(["umount", "-l", copy], check=True)


def test_a_table_damaged_inside_is_not_read_as_data(copy):
    """By a disk, which changes neither time nor size."""
    path, target = copy / "results/visualizations/layer2.0.parquet", "results/thumbnails.parquet"
    before, data = path.stat(), bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    run = snakemake(copy, TINY, target, "--forcerun", "draw_thumbnails")
    assert run.returncode == 1
    assert re.search(r"results/visualizations/layer2\.0\.parquet is damaged .*; delete it and run again", run.stderr)
    path.unlink()
    completed(copy, TINY, target)


@pytest.mark.long
def test_a_disk_that_fills_up(tiny, copy):
    """A real, small file system, with room for a third of the activations."""
    results, kept, target = copy / "results", copy / "kept", "results/mean_activations.parquet"
    needed = sum(path.stat().st_size for path in (results / "activations").iterdir())
    shutil.rmtree(results / "activations")
    for name in ("mean_activations", "top_images"):
        (results / f"{name}.parquet").unlink()
    results.rename(kept)
    results.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "tmpfs", results], capture_output=True).returncode:
        pytest.skip("mounting a small file system needs root")
    try:
        shutil.copytree(kept, results, dirs_exist_ok=True)
        shutil.rmtree(kept)
        size = shutil.disk_usage(results).used + needed // 3
        subprocess.run(["mount", "-o", f"remount,size={size}", results], check=True)
        run = snakemake(copy, TINY, target)
        assert run.returncode == 1
        assert "no space left on the disk of results or of temporary files; make room and run again" in run.stderr
        assert not (results / "activations").exists() or not list((results / "activations").rglob("*.parquet"))
        subprocess.run(["mount", "-o", "remount,size=100m", results], check=True)
        before = finished(copy)
        completed(copy, TINY, target)
        assert before and [path for path, written in before.items() if path.stat().st_mtime_ns != written] == []
        assert not list(results.rglob(".*.*"))  # checkpoints and partial files
        assert tables(copy) == tables(tiny)
    finally:
        subprocess.run(["umount", "-l", results], check=True)


def test_a_second_run_in_the_same_folder_refuses_and_a_killed_one_goes_on(copy):
    """By its own command line: the target alone is made, with the configuration of the run."""
    target, config = "results/mean_activations.parquet", overlaid(TINY, images={"crop": 108})
    first = started(copy, config, target)
    awaited(lambda: processes(copy, "extract_activations"))
    second = forked(copy, TINY, "--cores", "2")
    assert second.returncode == 1
    assert "Directory cannot be locked" in second.stderr and "--unlock" in second.stderr
    refused = resume(copy)
    assert refused.returncode == 1 and refused.stderr.startswith("this run is still going on: process ")
    assert refused.stderr.count("\n") == 1 and first.poll() is None
    kill([first.pid])
    first.wait()
    awaited(lambda: not processes(copy), seconds=10)
    again = resume(copy)
    assert again.returncode == 0 and f"snakemake --snakefile {copy}/Snakefile" in again.stdout, again.stderr
    assert planned(copy, config, target) == {}


def test_what_is_refused_leaves_a_finished_run_untouched(copy):
    """Times and contents of all files; another experiment is in test_reruns.py."""
    locked = copy / ".snakemake/locks/0.output.lock"

    def by_a_lock() -> subprocess.CompletedProcess:
        locked.parent.mkdir(exist_ok=True)
        locked.write_text("results/criteria.parquet\n")
        return forked(copy, overlaid(TINY, criteria={"tolerance": 2}), "--cores", "2")

    refusals = {
        "Directory cannot be locked": by_a_lock,
        "visualization.stepz is not a known key": lambda: forked(copy, {"visualization": {"stepz": 1}}, "--cores", "2"),
        "there is no file gone.pth": lambda: forked(copy, overlaid(TINY, model={"weights": "gone.pth"}), "--cores", "2"),
        "cores have to be specified": lambda: forked(copy, TINY),
        "replace: 'perhaps' is not of type 'boolean'": lambda: forked(copy, overlaid(TINY, replace="perhaps"), "--cores", "2"),
        "No rule to produce": lambda: forked(copy, TINY, "results/nothing.parquet", "--cores", "2"),
        "run.json is not there": lambda: resume(copy / "results"),
    }
    before = state(copy)
    for reason, command in refusals.items():
        done = command()
        assert done.returncode == 1 and reason in done.stdout + done.stderr, reason
        locked.unlink(missing_ok=True)
        assert state(copy) == before, reason


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
