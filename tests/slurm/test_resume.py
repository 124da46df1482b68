"""Going on after a run on Slurm was killed, with stand-ins for the commands: what is cancelled, and when nothing is started."""

import os
import subprocess

import pytest

from conftest import REPOSITORY

LEFT = "7 scalestream_b5f1\n8 scalestream_b5f1\n9 scalestream_77aa\n10 other\n11 scalestream_0a3c\n"
OTHERS = {"snakemake.1.log": "SLURM run ID: scalestream_5e5e\n", "snakemake.2.log": "Building DAG of jobs...\n"}
RUN = "runs/a b"


@pytest.fixture
def resume(tmp_path):
    """Run the script in a folder whose jobs squeue lists, in which every command notes that it was called, then does what is
    given for it; returns the process and the calls. seconds: that it has been at it."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "left").write_text(LEFT)
    for folder, name in {RUN: "b5f1", ".": "0a3c"}.items():
        logs = tmp_path / folder / ".snakemake/log"
        logs.mkdir(parents=True)
        for log, text in (OTHERS | {"snakemake.3.log": f"host: a\nSLURM run ID: scalestream_{name}\n"}).items():
            (logs / log).write_text(text)
    own = {"squeue": "cat left", "scancel": ": > left", "snakemake": "", "sleep": ""}

    def run(seconds=0, where=("--directory", RUN), **others):
        for name, does in (own | others).items():
            path = tmp_path / "bin" / name
            path.write_text(f'#!/bin/bash\necho "{name} $*" >> calls\n{does}\n')
            path.chmod(0o755)
        seconds = {"SECONDS": str(seconds)}  # that bash counts from
        process = subprocess.run(
            ["bash", REPOSITORY / "profiles/slurm/resume.sh", *where, "--configfile", "my.yaml"],
            cwd=tmp_path,
            env=os.environ | seconds | {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )
        calls = (tmp_path / "calls").read_text().splitlines() if (tmp_path / "calls").exists() else []
        return process, [call for call in calls if not call.startswith(("squeue", "sleep"))]

    return run


def started(where: str) -> list[str]:
    return [f"snakemake --unlock {where}", f"snakemake --workflow-profile profiles/slurm {where}"]


STARTED = started(f"--directory {RUN} --configfile my.yaml")


@pytest.mark.parametrize(
    ("where", "jobs"), [(["--directory", RUN], "7 8"), (["-d", RUN], "7 8"), ([f"--directory={RUN}"], "7 8"), ([], "11")]
)
def test_the_folders_own_jobs_are_cancelled_before_the_run_goes_on(resume, where, jobs):
    process, calls = resume(where=where)
    assert process.returncode == 0, process.stderr
    assert calls == [f"scancel {jobs}", *started(" ".join([*where, "--configfile my.yaml"]))]


def test_a_folder_that_ran_without_slurm_has_no_jobs(resume, tmp_path):
    logs = tmp_path / "local/.snakemake/log"
    logs.mkdir(parents=True)
    (logs / "snakemake.1.log").write_text(OTHERS["snakemake.2.log"])
    _, calls = resume(where=["--directory", "local"])
    assert calls == started("--directory local --configfile my.yaml")


def test_a_folder_without_a_run_is_refused(resume):
    process, calls = resume(where=["--directory", "elsewhere"])
    assert process.returncode == 1 and calls == []
    (line,) = process.stderr.splitlines()
    assert "elsewhere/.snakemake/log is not there" in line and "name the run's folder with --directory" in line


def test_nothing_starts_when_squeue_fails(resume):
    fails = "echo 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)' >&2; exit 1"
    process, calls = resume(squeue=fails)
    assert process.returncode == 1 and calls == []
    (line,) = process.stderr.splitlines()
    assert "Unable to contact slurm controller" in line and "nothing was unlocked or started" in line


def test_nothing_starts_when_squeue_fails_after_the_jobs_were_cancelled(resume):
    process, calls = resume(squeue='[ "$(grep -c squeue calls)" = 1 ] && cat left')
    assert process.returncode == 1 and calls == ["scancel 7 8"]
    assert len(process.stderr.splitlines()) == 1


def test_a_job_that_ends_before_it_is_cancelled_stops_nothing(resume):
    process, calls = resume(scancel=": > left; echo 'scancel: error: Kill job error on job id 8: Invalid job id' >&2; exit 1")
    assert process.returncode == 0, process.stderr
    assert calls == ["scancel 7 8", *STARTED]


def test_nothing_starts_beside_jobs_that_do_not_end(resume):
    process, calls = resume(seconds=300, scancel="exit 1")
    assert process.returncode == 1 and calls == []
    (line,) = process.stderr.splitlines()
    assert line.endswith("these jobs are left: 7 8; nothing was unlocked or started")


def test_nothing_starts_when_the_folder_cannot_be_unlocked(resume):
    process, calls = resume(snakemake='[ "$1" != --unlock ]')
    assert process.returncode == 1 and calls == ["scancel 7 8", STARTED[0]]
