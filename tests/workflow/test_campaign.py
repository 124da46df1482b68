"""Faults that nobody thought of: a run that is killed and whose files are damaged at random, again and again."""

import os
import random
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from runs import TINY, awaited, completed, finished, forked, kill, planned, processes, started, tables

ROUNDS = int(os.environ.get("SCALESTREAM_TEST_ROUNDS", "30"))
SEED = int(os.environ.get("SCALESTREAM_TEST_SEED", random.randrange(2**32)))
VICTIMS = ("snakemake", "a job", "snakemake and a job")
HARMS = ("cut", "flip", "remove")
TARGETS = [  # tables and figures of the criteria and of the ablation; the rest of a run would only take longer
    *(f"results/{name}.parquet" for name in ("ratios", "null", "grids")),
    *(f"results/figures/{name}.pdf" for name in ("figure1", "figure2")),
]
KEPT = ("model", "demo_images", "images.parquet", "skipped_images.txt", "image_cache", "visualizations", ".receipts")


@pytest.mark.long
def test_a_campaign_of_random_faults_ends_in_the_tables_of_an_undisturbed_run(tiny, tmp_path):
    """From visualizations and images on. In a third of the rounds, first, nothing is damaged, and what was finished is not done
    again. The output says what was done, and with which seed."""
    print(f"seed {SEED}, {ROUNDS} rounds")
    folder, moment, before, kills = _begun(tiny, tmp_path / "run"), random.Random(SEED), {}, 0
    for number in range(ROUNDS):
        run, victim = started(folder, TINY, *TARGETS), moment.choice(VICTIMS)
        if moment.random() < 0.8:  # else while it still plans, perhaps
            awaited(lambda: processes(folder) or run.poll() is not None)
        time.sleep(moment.uniform(0, 4))
        killed = _killed(folder, run, victim, moment)
        kills += bool(killed)
        run.wait()
        awaited(lambda: not processes(folder), seconds=2)
        assert forked(folder, TINY, "--unlock").returncode == 0
        assert [path for path, written in before.items() if path.stat().st_mtime_ns != written] == []
        said = f"{number}: killed {len(killed)} ({victim}), {len(finished(folder))} tables finished"
        if number < ROUNDS // 3:
            before = finished(folder) | before
        else:
            before, path, how = {}, _a_file(folder, moment), moment.choice(HARMS)
            _harm(path, how, moment)
            said += f"; {how} {path.relative_to(folder)}"
        print(said, flush=True)
    completed(folder, TINY, *TARGETS)
    assert kills > ROUNDS / 2 and planned(folder, TINY, *TARGETS) == {}
    assert not list((folder / "results").rglob(".*.*"))  # checkpoints and partial files
    _remove_what_nothing_needs(folder)
    found, undisturbed = tables(folder), tables(tiny)
    assert len(found) > 20 and {"results/ratios.parquet", "results/grids.parquet"} < found.keys()
    assert [name for name in found if found[name] != undisturbed[name]] == []


def _begun(tiny: Path, folder: Path) -> Path:
    """A copy of a finished run without most of its results."""
    shutil.copytree(tiny, folder)
    for path in (folder / "results").iterdir():
        if path.name not in KEPT:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return folder


def _killed(folder: Path, run: subprocess.Popen, victim: str, moment: random.Random) -> list[int]:
    """The processes that were killed; none where the run had ended. After a job alone, Snakemake ends by itself."""
    jobs = processes(folder)
    chosen = [moment.choice(jobs)] if jobs and "job" in victim else []
    if run.poll() is None and ("snakemake" in victim or not chosen):
        chosen.append(run.pid)
    kill(chosen)
    return chosen


def _a_file(folder: Path, moment: random.Random) -> Path:
    """Any file of the results, hidden ones too; as often of a table as of a folder with hundreds of files."""
    places = sorted(path for path in (folder / "results").iterdir() if path.suffix != ".damaged")
    files = []
    while not files:
        place = moment.choice(places)
        files = sorted(path for path in [place, *place.rglob("*")] if path.is_file() and path.stat().st_size)
    return moment.choice(files)


def _harm(path: Path, how: str, moment: random.Random) -> None:
    """Cut a file off, flip a bit of it, or remove it."""
    data = bytearray(path.read_bytes())
    place = moment.randrange(len(data))
    if how == "remove":
        path.unlink()
    elif how == "cut":
        path.write_bytes(data[:place])
    else:
        data[place] ^= 1 << moment.randrange(8)
        path.write_bytes(data)


def _remove_what_nothing_needs(folder: Path) -> None:
    """Damaged files of which all was made by then are named, and left."""
    said = forked(folder, TINY, *TARGETS, "--dry-run", "--cores", "2").stdout
    for name in re.findall(r"(results/\S+) is .*; a run sets it aside", said):
        (folder / name).unlink()
