"""Lint and format, as `ruff` and `snakefmt` are configured in pyproject.toml; shell scripts by `shellcheck`, the Dockerfile by
`hadolint`."""

import subprocess
import sys
from pathlib import Path

import pytest

from conftest import REPOSITORY

BIN = Path(sys.executable).parent
CODE = ["workflow", "tests", "benchmarks", "resources", "envs", "docs"]


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "--no-cache", "--output-format", "concise", *CODE],
        ["ruff", "format", "--no-cache", "--check", *CODE],
        ["snakefmt", "--check", "Snakefile", "workflow"],
    ],
    ids=["lint", "format", "rules"],
)
def test_code_is_as_the_tools_want_it(command):
    tool, *arguments = command
    run = subprocess.run([BIN / tool, *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_tools_find_what_is_wrong(tmp_path):
    """They do look, with the settings of the project."""
    settings = ["--config", REPOSITORY / "pyproject.toml"]
    (tmp_path / "code.py").write_text(f"import os\n\n\nvalue = '{'x' * 200}'\n")
    (tmp_path / "rules.smk").write_text('rule a:\n  output: "x"\n')
    check = subprocess.run(
        [BIN / "ruff", "check", "--no-cache", *settings, "code.py"], cwd=tmp_path, capture_output=True, text=True
    )
    assert check.returncode == 1 and "F401" in check.stdout and "E501" in check.stdout
    form = subprocess.run(
        [BIN / "ruff", "format", "--no-cache", "--check", *settings, "code.py"], cwd=tmp_path, capture_output=True
    )
    assert form.returncode == 1
    rules = subprocess.run([BIN / "snakefmt", "--check", *settings, "rules.smk"], cwd=tmp_path, capture_output=True)
    assert rules.returncode == 1


def test_shell_scripts_have_no_trap(shellcheck, tmp_path):
    tracked = subprocess.run(["git", "ls-files", "*.sh", ".ci/run"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    scripts = tracked.stdout.split()
    assert {".ci/run", "envs/setup.sh", "profiles/slurm/resume.sh", "tests/slurm/cluster.sh"} <= set(scripts)
    run = subprocess.run([shellcheck, *scripts], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
    (tmp_path / "trap.sh").write_text("#!/bin/bash\nrm -r $1/*\n")
    trap = subprocess.run([shellcheck, tmp_path / "trap.sh"], capture_output=True, text=True, check=False)
    assert trap.returncode == 1 and "SC2086" in trap.stdout


def test_the_dockerfile_has_no_trap(tmp_path):
    run = subprocess.run([BIN / "hadolint", REPOSITORY / "Dockerfile"], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
    (tmp_path / "Dockerfile").write_text("FROM debian\nRUN cd /opt\n")
    trap = subprocess.run([BIN / "hadolint", tmp_path / "Dockerfile"], capture_output=True, text=True, check=False)
    assert trap.returncode == 1 and "DL3006" in trap.stdout and "DL3003" in trap.stdout
