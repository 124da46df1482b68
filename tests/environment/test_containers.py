"""Containers of the same lock, and jobs in one, by a stand-in for Apptainer that runs on the host what it is given."""

import os
import re
import subprocess

import pytest
from test_environment import ROOT, UV_VERSION, write_stub

from runs import PATH, TINY, command

STAND_IN = """
[ "$1" = --version ] && { echo "apptainer version 1.3.0"; exit; }
echo "$*" >> "$CALLS"
until [ "$1" = -c ]; do shell=$1; shift; done
exec "$shell" "$@"
"""


@pytest.mark.parametrize("file", ["Dockerfile", "envs/scalestream.def"])
def test_images_are_made_of_the_lock(file):
    text = (ROOT / file).read_text()
    assert re.search(r"^ *(COPY )?envs/requirements\.txt /opt/requirements\.txt$", text, re.MULTILINE)
    assert re.search(r"uv pip sync .*--require-hashes[ \\\n]+--compile-bytecode /opt/requirements\.txt", text)
    assert UV_VERSION in re.findall(r"\d+\.\d+\.\d+", text) and "FROM debian:bookworm-slim" in text.replace("From:", "FROM")


def test_both_images_are_installed_by_the_same_steps():
    files = [(ROOT / file).read_text().replace("${UV_VERSION}", UV_VERSION) for file in ("Dockerfile", "envs/scalestream.def")]
    steps = [re.findall(r"(?:apt-get|python3 -m|bin/python -m|uv pip) [^&\n\\]+", text) for text in files]
    assert [step.strip() for step in steps[0]] == [step.strip() for step in steps[1]] and len(steps[0]) == 5


def test_jobs_run_in_the_image(tmp_path):
    write_stub(tmp_path / "bin/apptainer", STAND_IN)
    calls = tmp_path / "calls"
    target, folder = "results/demo_images", tmp_path / "run"
    done = subprocess.run(
        command(folder, TINY, target, "--cores", "1", "--sdm", "apptainer"),
        env=os.environ | {"PATH": f"{tmp_path / 'bin'}:{PATH}", "CALLS": str(calls)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (call,) = calls.read_text().splitlines()
    assert f" {ROOT / 'envs/scalestream.sif'} " in call
    assert (folder / target).is_dir()
