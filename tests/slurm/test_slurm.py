"""The profile for Slurm, on a real one of one node: a tiny run, faults on the way, and how GPUs are asked for."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from runs import PATH, TINY, awaited, checkout, command, finished, kill, processes, started, tables

CLUSTER = Path(__file__).with_name("cluster.sh")
POLL = ["--slurm-init-seconds-before-status-checks", "5"]  # the profile's pause is for real clusters
TARGETS = ["results/ratios.parquet", "results/figures/figure2.pdf"]  # the paper's way, without what goes past it


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    """A running Slurm, stopped in the end."""
    if os.geteuid() or not shutil.which("apt-get"):
        pytest.skip("installing and starting a Slurm needs root and apt")
    folder = tmp_path_factory.mktemp("slurm")
    start = subprocess.run(["bash", CLUSTER, "start", folder], capture_output=True, text=True, check=False)
    if start.returncode == 3:
        pytest.skip(start.stderr.strip())
    assert start.returncode == 0, start.stdout + start.stderr
    yield
    subprocess.run(["bash", CLUSTER, "stop", folder], check=True)
    assert not (folder / "slurmd.pid").exists()


def jobs() -> list[dict[str, str]]:
    """What Slurm says of every job that it knows, by its own names."""
    shown = subprocess.run(["scontrol", "--oneliner", "show", "job"], capture_output=True, text=True, check=True).stdout
    return [dict(re.findall(r"(\S+?)=(.*?)(?=\s+\S+?=|$)", line)) for line in shown.splitlines() if "JobId=" in line]


def alive() -> list[str]:
    """The ids of the jobs that run, or wait to."""
    return [job["JobId"] for job in jobs() if job["JobState"] in ("RUNNING", "PENDING")]


def of_rule(name: str) -> list[dict[str, str]]:
    return [job for job in jobs() if job.get("Comment", "").startswith(f"rule_{name}_") or job.get("Comment") == f"rule_{name}"]


def test_a_run_on_slurm_survives_its_faults(slurm, tiny, tmp_path):
    """To the ratios: Snakemake is killed and the README's command resumes; then a job is killed and succeeds on the next try,
    with twice the memory. The tables are those of an undisturbed run on this machine without Slurm, bit for bit."""
    folder = checkout(tmp_path)
    run = started(folder, TINY, *TARGETS, "--workflow-profile", "profiles/slurm", *POLL)
    visualized = lambda: len(list((folder / "results/visualizations").rglob("*.parquet")))
    awaited(lambda: visualized() and alive())
    before = finished(folder)
    kill([run.pid])
    run.wait()
    orphans = alive()
    assert orphans

    with open(folder / "said.txt", "a") as said:
        run = subprocess.Popen(
            ["bash", "profiles/slurm/resume.sh", *TARGETS, "--configfile", "test.yaml", *POLL],
            cwd=folder,
            stdout=said,
            stderr=subprocess.STDOUT,
            env=os.environ | {"PATH": PATH},
        )
    kill(awaited(lambda: processes(folder, "screen_candidates"))[:1])  # of the run that goes on: the other was not so far
    assert run.wait() == 0, (folder / "said.txt").read_text()[-5000:]
    assert {"CANCELLED"} <= {job["JobState"] for job in jobs() if job["JobId"] in orphans} <= {"CANCELLED", "COMPLETED"}
    assert [path for path, written in before.items() if path.stat().st_mtime_ns != written] == []
    (failed,) = [job for job in of_rule("screen_candidates") if job["JobState"] == "FAILED"]
    _, again = [job for job in of_rule("screen_candidates") if job["Comment"] == failed["Comment"]]
    assert again["JobState"] == "COMPLETED"
    assert (failed["MinMemoryNode"], again["MinMemoryNode"]) == ("8000M", "16000M")

    found, undisturbed = tables(folder), tables(tiny)
    assert len(found) >= 20 and found == {name: undisturbed[name] for name in found}
    assert (folder / "results/figures/figure2.pdf").exists()


@pytest.mark.parametrize(("ask", "granted"), [("gpu: 1", "TresPerJob"), ('gres: "gpu:1"', "TresPerNode")])
def test_a_gpu_is_asked_for_both_ways(slurm, copy, ask, granted):
    """A job that gets a GPU on which nothing can be computed uses the CPU."""
    profile = copy / "profiles/slurm/config.yaml"
    text = profile.read_text()
    assert text.count("gpu: 1\n") >= 6
    profile.write_text(text.replace("    gpu: 1\n", f"    {ask}\n"))
    output = copy / "results/visualizations/chunks/0/layer2.0/0-24.parquet"
    before = tables(copy)
    subprocess.run(
        [
            *command(
                copy,
                TINY,
                str(output.relative_to(copy)),
                "--forcerun",
                "visualize",
                "--workflow-profile",
                "profiles/slurm",
                *POLL,
            )
        ],
        cwd=copy,
        env=os.environ | {"PATH": PATH},
        check=True,
    )
    job = of_rule("visualize")[-1]
    assert job["JobState"] == "COMPLETED" and job[granted] == "gres:gpu:1"
    assert tables(copy) == before
