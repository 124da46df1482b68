"""The locked environment: what pyproject.toml asks for, the lock, what is installed, and how it gets there."""

import hashlib
import importlib.metadata
import os
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
ENVS = ROOT / "envs"
PYPROJECT = ROOT / "pyproject.toml"
LOCK = ENVS / "requirements.txt"
POST_DEPLOY = ENVS / "scalestream.post-deploy.sh"
UV_VERSION = re.search(r"^UV_VERSION := (\S+)$", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)[1]


def lock_entries(lock: str) -> list[str]:
    """The lock's text, split into one entry for each pin: the pin, its hashes, and what wants it."""
    return re.findall(r"^[a-z0-9].*\n(?:[ ].*\n)*", lock, flags=re.MULTILINE)


def pins(lock: str) -> dict[str, str]:
    """The version that the lock pins for each package on this platform."""
    requirements = [Requirement(entry.splitlines()[0].rstrip(" \\")) for entry in lock_entries(lock)]
    return {r.name: str(r.specifier).removeprefix("==") for r in requirements if r.marker is None or r.marker.evaluate()}


def disagreements(pyproject: str, lock: str) -> list[str]:
    """What the lock has not taken over from pyproject.toml, or has and should not."""
    found = []
    if lock.splitlines(keepends=True)[0] != runpy.run_path(str(ENVS / "lock.py"))["first_line"](pyproject):
        found.append("compiled from other dependencies")

    tables = tomllib.loads(pyproject)
    pinned = pins(lock)
    project = tables["project"]
    asked = project["dependencies"] + project["optional-dependencies"]["workflow"] + tables["dependency-groups"]["dev"]
    direct = {canonicalize_name(Requirement(text).name): Requirement(text) for text in asked}
    overrides = {Requirement(text).name: Requirement(text) for text in tables["tool"]["uv"]["override-dependencies"]}
    for name, requirement in (direct | overrides).items():
        wanted = requirement.marker is None or requirement.marker.evaluate()
        if wanted != (name in pinned) or (wanted and not requirement.specifier.contains(pinned[name])):
            found.append(f"{requirement} is pinned to {pinned.get(name)}")
    for entry in lock_entries(lock):
        name = entry.split("==")[0]
        if "scalestream (pyproject.toml" in entry and name not in direct:
            found.append(f"{name} is no dependency")
    return found


def test_the_lock_agrees_with_pyproject():
    assert disagreements(PYPROJECT.read_text(), LOCK.read_text()) == [], "run make lock"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('    "jsonschema",\n', '    "jsonschema",\n    "xarray",\n'),
        ('    "jsonschema",\n', '    "jsonschema",\n    "requests",\n'),
        ('    "timm",\n', ""),
        ('"pyarrow<26"', '"pyarrow<1"'),
        ('"pyarrow<26"', '"pyarrow<27"'),
        ('"torchvision>=0.28", #', '"torchvision<0.28", #'),
        ("tensorflow; sys_platform == 'never'", "tensorflow"),
        ('    "pytest-xdist",\n', '    "pytest-xdist",\n    "pytest-cov",\n'),
        ('requires-python = ">=3.11,', 'requires-python = ">=3.10,'),
    ],
)
def test_a_change_of_pyproject_without_the_lock_is_found(old, new):
    pyproject = PYPROJECT.read_text()
    assert pyproject.count(old) == 1
    assert disagreements(pyproject.replace(old, new), LOCK.read_text())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (r"^snakemake==\S+", "snakemake==9.0.0"),
        (r"^timm==.*\n(?: .*\n)*", ""),
        (r"^absl-py==", "tensorflow==2.15.1\nabsl-py=="),
    ],
)
def test_a_change_of_the_lock_by_hand_is_found(old, new):
    lock = LOCK.read_text()
    changed = re.sub(old, new, lock, count=1, flags=re.MULTILINE)
    assert changed != lock
    assert disagreements(PYPROJECT.read_text(), changed)


def test_what_the_lock_does_not_depend_on_may_change():
    pyproject = PYPROJECT.read_text().replace("xfail_strict = true", "# a comment\nxfail_strict = false")
    assert pyproject != PYPROJECT.read_text()
    assert disagreements(pyproject, LOCK.read_text()) == []


def test_every_pin_has_hashes():
    entries = lock_entries(LOCK.read_text())
    assert len(entries) > 100
    assert [entry for entry in entries if not re.search(r"^    --hash=sha256:[0-9a-f]{64}\b", entry, re.MULTILINE)] == []


def test_the_installed_versions_are_the_locked_ones():
    pinned = pins(LOCK.read_text())
    assert {name: importlib.metadata.version(name) for name in pinned} == pinned


def test_the_environment_names_no_host():
    for file in filter(Path.is_file, ENVS.iterdir()):
        assert not re.search(r"\w+://", file.read_text()), file.name


def test_libraries_with_their_own_llvm_can_be_imported_in_one_process():
    for order in ("thingsvision, lucent", "lucent, thingsvision", "tensorflow, torch._dynamo"):
        subprocess.run([sys.executable, "-c", f"import {order}"], check=True)


# The conda environment


def checksum(lock: str) -> str:
    return hashlib.sha256(lock.encode()).hexdigest()


def post_deploy_checksum() -> str:
    return re.search(r"^lock_sha256=(.*)$", POST_DEPLOY.read_text(), flags=re.MULTILINE)[1]


def test_conda_pins_the_same_uv_and_a_supported_python():
    dependencies = yaml.safe_load((ENVS / "scalestream.yaml").read_text())["dependencies"]
    versions = dict(dependency.split("=") for dependency in dependencies)
    assert versions == {"python": "3.11", "uv": UV_VERSION}


def test_the_conda_environment_changes_with_the_lock():
    assert post_deploy_checksum() == checksum(LOCK.read_text())


@pytest.mark.parametrize("script", [*sorted(ENVS.glob("*.sh")), ROOT / ".ci/run"], ids=lambda path: path.name)
def test_scripts_are_executable_and_parse(script):
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)


def write_stub(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}")
    path.chmod(0o755)


@pytest.fixture
def post_deploy(tmp_path):
    """Run a copy of the script, as Snakemake does, with a uv that only notes its arguments."""
    write_stub(tmp_path / "bin/uv", 'echo "$@" > "$CONDA_PREFIX/calls"\n')
    script = shutil.copy(POST_DEPLOY, tmp_path / "0123abcd_.post-deploy.sh")

    def run(cwd, **variables):
        env = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "CONDA_PREFIX": str(tmp_path), **variables}
        process = subprocess.run(["bash", script], cwd=cwd, env=env, capture_output=True, text=True)
        calls = tmp_path / "calls"
        return process, calls.read_text().split() if calls.exists() else []

    return run


@pytest.mark.parametrize("by_variable", [False, True])
def test_conda_installs_the_same_lock(post_deploy, tmp_path, by_variable):
    if by_variable:
        lock = str(LOCK)
        process, call = post_deploy(tmp_path, SCALESTREAM_LOCK=lock)
    else:
        lock = "envs/requirements.txt"
        process, call = post_deploy(ROOT)
    assert process.returncode == 0, process.stderr
    python = str(tmp_path / "bin/python")
    assert call == ["pip", "install", "--python", python, "--no-deps", "--require-hashes", "--requirement", lock]


@pytest.mark.parametrize("content", [None, "numpy==1.26.4\n"])
def test_conda_installs_no_other_lock(post_deploy, tmp_path, content):
    if content:
        (tmp_path / "envs").mkdir()
        (tmp_path / "envs/requirements.txt").write_text(content)
    process, call = post_deploy(tmp_path)
    assert process.returncode == 1
    assert "SCALESTREAM_LOCK" in process.stderr
    assert call == []


# make setup

STUB_PYTHON = """
echo "python $*" >> calls
case "$1 $2" in
    -c*) exit "${UNSUITABLE:-0}" ;;
    -V*) echo Python 3.11.99 ;;
    "-m venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python && cp bin/uv .venv/bin/uv ;;
esac
"""


@pytest.fixture
def setup(tmp_path):
    """Run envs/setup.sh with stubs for Python and uv; returns the process and what it made the stubs do."""
    for name in ("python3", "python3.11", "python3.12"):
        write_stub(tmp_path / "bin" / name, STUB_PYTHON)
    write_stub(tmp_path / "bin/uv", 'echo "uv $2" >> calls\nexit "${UV_FAILS:-0}"\n')
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs/requirements.txt").write_text("numpy==1.26.4\n")

    def run(**variables):
        env = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "UV_VERSION": UV_VERSION, **variables}
        process = subprocess.run(["bash", ENVS / "setup.sh"], cwd=tmp_path, env=env, capture_output=True, text=True)
        calls = (tmp_path / "calls").read_text()
        (tmp_path / "calls").unlink()
        return process, re.findall(r"^(?:python -m )?(venv|pip|uv sync)\b", calls, flags=re.MULTILINE)

    return run


def test_setup_is_skipped_when_the_environment_matches(setup, tmp_path):
    process, calls = setup()
    assert process.returncode == 0, process.stderr
    assert calls == ["venv", "pip", "uv sync"]
    assert setup()[1] == []
    (tmp_path / "envs/requirements.txt").write_text("numpy==1.26.3\n")
    assert setup()[1] == ["pip", "uv sync"]
    assert setup(UV_VERSION="0.0.1")[1] == ["pip", "uv sync"]


def test_setup_starts_over_after_an_interruption(setup, tmp_path):
    setup()
    (tmp_path / "envs/requirements.txt").write_text("numpy==1.26.3\n")
    process, calls = setup(UV_FAILS="130")
    assert process.returncode == 130
    assert calls == ["pip", "uv sync"]
    assert setup()[1] == ["venv", "pip", "uv sync"]
    assert setup()[1] == []


def test_setup_names_what_to_install_when_there_is_no_suitable_python(setup, tmp_path):
    process, calls = setup(UNSUITABLE="1")
    assert process.returncode == 1
    assert calls == []
    assert len(process.stderr.splitlines()) == 1
    assert "on Debian 12 install python3-venv" in process.stderr
    assert not (tmp_path / ".venv").exists()
