"""The workflow as Snakemake's catalog asks for it, and as snakedeploy puts a release of it into another folder."""

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
import yaml

from conftest import REPOSITORY
from runs import PATH, SNAKEMAKE, TINY, checkout, jobs, overlaid, planned
from scalestream import __version__
from scalestream.run import provenance

TAG = "v1"
# What snakedeploy 0.17 writes, with a rule of its own.
DEPLOYED = f"""
from snakemake.utils import min_version

min_version("6.10.0")

configfile: "config/config.yaml"

module scalestream:
    snakefile:
        github("owner/scalestream", path="workflow/Snakefile", tag="{TAG}")
    config:
        config
{{prefix}}

use rule * from scalestream

rule count:
    input: "{{place}}results/images.parquet"
    output: "count.txt"
    run:
        import pyarrow.parquet as pq
        with open(output[0], "w") as file:
            print(pq.read_metadata(input[0]).num_rows, file=file)
"""


@pytest.fixture(scope="module")
def release(tmp_path_factory) -> Path:
    """A repository with this very code as a release."""
    project = checkout(tmp_path_factory.mktemp("release") / "project")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(project)]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "release"], ["tag", TAG]):
        subprocess.run([*git, *words], check=True)
    return project


@pytest.fixture(scope="module")
def cache(release) -> Path:
    """Snakemake's cache of git hosts, with the release in it, so that nothing is fetched."""
    folder = release.with_name("cache")
    hosted = folder / "snakemake/snakemake/source-cache/snakemake-git-cache/github.com/owner/scalestream"
    subprocess.run(["git", "clone", "-q", "--bare", release, hosted], check=True)
    return folder


def deployed(folder: Path, cache: Path, config: dict, *arguments: str, prefix: str = "") -> subprocess.CompletedProcess:
    """Run the workflow that snakedeploy makes in a folder."""
    for name, text in {
        "workflow/Snakefile": DEPLOYED.format(
            prefix=f"    prefix:\n        {prefix!r}" if prefix else "", place=f"{prefix}/" if prefix else ""
        ),
        "config/config.yaml": yaml.safe_dump(config),
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return subprocess.run(
        [SNAKEMAKE, *arguments, "--cores", "1"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PATH": PATH, "XDG_CACHE_HOME": str(cache)},
    )


def head(repository: Path) -> str:
    return subprocess.run(
        ["git", "-C", repository, "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()


def test_a_release_at_a_git_host_and_as_a_zip_plan_what_a_clone_does(tmp_path, release, cache):
    expected = planned(tmp_path / "clone", {})
    assert expected["visualize"] == 18
    config = yaml.safe_load((REPOSITORY / "config/config.yaml").read_text())
    assert jobs(deployed(tmp_path / "deployed", cache, config, "--dry-run", "--quiet", "rules")) == expected
    done = subprocess.run(["make", "-s", "release"], cwd=release, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == f"scalestream-{__version__}.zip"
    with ZipFile(release / done.stdout.strip()) as archive:
        archive.extractall(tmp_path)
    project = tmp_path / f"scalestream-{__version__}"
    assert planned(project, {}) == expected and not (project / ".git").exists()
    code = "from scalestream.run import provenance; print(provenance.commit())"
    said = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": "workflow"}, cwd=project, capture_output=True, text=True
    )
    assert said.stdout.strip() == head(release)


def test_a_rule_is_added_to_a_release_with_a_prefix(tmp_path, release, cache):
    config = overlaid(TINY, images={"demo": {"per_class": 1}})
    done = deployed(tmp_path, cache, config, "count.txt", "--quiet", "rules", prefix="scalestream")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "count.txt").read_text() == "12\n"
    assert provenance.read(tmp_path / "scalestream/results/images.parquet")["commit"] == head(release)
    assert jobs(deployed(tmp_path, cache, config, "count.txt", "--dry-run", prefix="scalestream")) == {}


def test_what_the_catalog_reads_is_there():
    usage = yaml.safe_load((REPOSITORY / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert set(usage) == {"software-stack-deployment", "report"}
    page = (REPOSITORY / "config/README.md").read_text()
    there = {path.name for path in REPOSITORY.glob("config/*.yaml")}
    assert {name for name in there if f"`{name}`" not in page} == set()
