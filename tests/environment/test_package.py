"""The library as a package: installed by pip, it needs nothing of the clone; and its version is said in one voice."""

import os
import re
import subprocess
import sys
import tomllib

import yaml
from packaging.requirements import Requirement

from conftest import REPOSITORY
from scalestream import __version__

USED = """
from pathlib import Path
import scalestream
from scalestream import notebook, places
from scalestream.run import provenance

assert Path(scalestream.__file__).is_relative_to(FOLDER) and places.PROJECT.is_relative_to(FOLDER)
network = notebook.load_network("small", visualization={"steps": 4})
print(scalestream.__version__, list(network.blocks), len(notebook.visualize(network, "layer2.1", [3])), provenance.commit())
"""


def test_pip_installs_the_library_with_all_that_it_reads(tmp_path):
    folder, elsewhere = tmp_path / "installed", tmp_path / "elsewhere"
    elsewhere.mkdir()
    options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check"]
    pip = [sys.executable, "-m", "pip", "install", *options, "--target", folder, REPOSITORY]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    environment = os.environ | {"PYTHONPATH": str(folder)}
    run = lambda *words: subprocess.run(
        [sys.executable, *words], cwd=elsewhere, env=environment, capture_output=True, text=True, check=False
    )
    used = run("-c", f"FOLDER = {str(folder)!r}\n{USED}")
    assert used.returncode == 0, used.stderr
    assert used.stdout == f"{__version__} ['1.1', '2.0', '2.1', '3.0', '3.1', '4.0', '4.1'] 1 unknown\n"
    described = run("-m", "scalestream", "describe", "small")
    assert described.stdout == (REPOSITORY / "resources/networks/small.json").read_text()
    blocks = run("-m", "scalestream", "blocks")
    assert blocks.returncode == 0 and "2.1" in blocks.stdout, blocks.stderr


def test_pip_need_not_know_the_overrides():
    """What only they make installable is no dependency of the library."""
    tables = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    names = {Requirement(text).name for text in tables["project"]["dependencies"]}
    assert names.isdisjoint({"thingsvision", "tensorflow", "tensorflow-cpu", "snakemake"}) and "torch" in names


def test_the_version_is_the_same_everywhere():
    """But that of a change log which is not released yet."""
    citation = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text())
    version, when = re.search(r"^## (\S+), (.+)$", (REPOSITORY / "CHANGELOG.md").read_text(), re.MULTILINE).groups()
    assert citation["version"] == __version__
    assert version == __version__ or when == "unreleased"
