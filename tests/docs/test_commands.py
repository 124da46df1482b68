"""Every command in README and the pages of docs is run: planned by Snakemake or make, or by the test that is named here; others
say in their comment what they need, as ImageNet."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from conftest import REPOSITORY
from runs import answered
from scalestream.config import checking, files
from scalestream.run import experiment

PAGES = [REPOSITORY / "README.md", *sorted(REPOSITORY.glob("docs/*.md"))]
PROGRAMS = ("apptainer", "bash", "docker", "git", "make", "pip", "python", "snakedeploy", "snakemake", "uv")
NEEDED = ("Slurm", "the network", "docker", "apptainer", "chromium")  # of a comment: what is not at hand
# Commands that other tests run, by how they begin.
RUN_BY = {
    "python -m scalestream blocks": "blocks_and_pairs_with_their_fields_and_the_time_to_expect",
    "python -m scalestream provenance": "tables_and_figures_say_what_made_them",
    "python -m scalestream compare": "the_command_prints_and_writes_what_differs",
    "python -m scalestream resume": "a_second_run_in_the_same_folder_refuses_and_a_killed_one_goes_on",
    "snakemake --report": "captions_state_what_is_in_force",
    "snakemake --configfile config/family": "the_shipped_families_are_planned_for_slurm",
    "snakemake --configfile config/streamless": "the_shipped_families_are_planned_for_slurm",
    "snakemake --configfile config/paper.yaml --config": "every_rule_of_the_papers_run_is_planned",
}


def commands() -> Iterator[tuple[str, str, str]]:
    """The page, the command and its comment of every command in a block of a page, indented or fenced."""
    for page in PAGES:
        fenced = False
        for line in page.read_text().splitlines():
            if line.startswith("```"):
                fenced = not fenced
            elif fenced or line.startswith("    "):
                command, _, comment = line.strip().removeprefix("PYTHONPATH=workflow ").partition("  # ")
                if command.partition(" ")[0] in PROGRAMS:
                    command, _, close = command.partition(" # ")
                    yield page.name, command.strip(), comment or close


def plan(command: str) -> str:
    """A command of Snakemake without what does not change the plan, so that each plan is made once."""
    return re.sub(r" --cores \d+| --dry-run", "", command)


def is_excused(comment: str) -> bool:
    """Whether a comment says that a command needs what is not at hand; images of ImageNet have a stand-in."""
    return any(f"needs {need}" in comment for need in NEEDED)


FOUND = list(commands())
PLANNED = {
    plan(command)
    for _, command, comment in FOUND
    if command.startswith("snakemake") and not plan(command).startswith(tuple(RUN_BY)) and not is_excused(comment)
}


@pytest.fixture(scope="module")
def places(tmp_path_factory) -> dict[str, str]:
    """What stands in for a user's own files: images of ImageNet, of which one will do for a plan, and a configuration."""
    folder = tmp_path_factory.mktemp("own")
    image = folder / "val/n01440764/a.JPEG"
    image.parent.mkdir(parents=True)
    image.touch()
    config = yaml.safe_load((REPOSITORY / "config/network.yaml").read_text())
    config["images"]["root"] = str(folder / "val")
    (folder / "my.yaml").write_text(yaml.safe_dump(config))
    return {"/data/imagenet/val": str(folder / "val"), "my.yaml": str(folder / "my.yaml")}


def test_every_command_is_known():
    tests = [path.read_text() for path in (REPOSITORY / "tests").rglob("test_*.py")]
    there = {name for text in tests for name in re.findall(r"^def test_(\w+)", text, re.MULTILINE)}
    assert set(RUN_BY.values()) <= there
    unknown = [
        (page, command)
        for page, command, comment in FOUND
        if not (is_excused(comment) or plan(command) in PLANNED or plan(command).startswith(("make ", *RUN_BY)))
    ]
    assert unknown == [] and len(FOUND) > 30


@pytest.fixture
def clone(tmp_path) -> Path:
    """A folder that holds the demo's experiment, as a clone does after `make demo`."""
    results = tmp_path / "clone/results"
    results.mkdir(parents=True)
    config, _ = checking.completed(files.read([REPOSITORY / "config.yaml"]))
    experiment.write(results, config, str(results.parent), on_cluster=False)
    return results.parent


@pytest.mark.parametrize("command", sorted(PLANNED))
def test_snakemake_plans_it(command, places, clone):
    """After the demo, as the pages have it: another experiment is refused in its folder."""
    for name, stand_in in places.items():
        command = command.replace(name, stand_in)
    split = subprocess.run(["bash", "-c", f"printf '%s\\0' {command}"], check=True, capture_output=True, text=True).stdout
    words = [str(REPOSITORY / word) if word.startswith("config/") else word for word in split.split("\0")[1:-1]]
    if "--directory" in words:
        words[words.index("--directory") + 1] = clone / "other"
    else:
        words += ["--directory", clone]
    run = answered(["--snakefile", REPOSITORY / "Snakefile", *words, "--cores", "2", "--dry-run", "--quiet"])
    assert run.returncode == 0, run.stdout + run.stderr


def test_what_other_tests_plan_has_a_folder_of_its_own_too():
    """Another model, other weights or images than the demo's, of those commands that are not planned above."""
    elsewhere = [
        command for _, command, _ in FOUND if re.search(r"--configfile (my|config/(paper|family|streamless))", command)
    ]
    assert len(elsewhere) > 8
    assert [command for command in elsewhere if command.startswith("snakemake") and "--directory runs/" not in command] == []


def test_make_knows_every_target():
    targets = sorted({command.split()[1] for _, command, _ in FOUND if command.startswith("make ")})
    assert {"setup", "demo", "test", "test-all", "pictures", "release", "lock"} <= set(targets)
    done = subprocess.run(["make", "--dry-run", *targets], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_pages_have_their_pictures_and_links():
    """Files that README and the pages link to are there; the pictures are small."""
    linked = {}
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text()):
            linked[page.parent / target] = page.name
    missing = {str(path.relative_to(REPOSITORY)): page for path, page in linked.items() if not path.exists()}
    assert missing == {} and len(linked) > 20
    pictures = [Path(path) for path in linked if path.suffix in (".webp", ".svg", ".png")]
    drawn = {"block.svg", "planted.webp", "grid.webp", "passing.webp", "figure2.webp", "atlas.webp"}
    assert {path.name for path in pictures} == drawn
    assert sum(path.stat().st_size for path in (REPOSITORY / "docs/pictures").iterdir()) < 1_500_000


def test_readme_is_short_and_every_page_is_linked_from_it():
    readme = (REPOSITORY / "README.md").read_text()
    assert len(readme.splitlines()) <= 130
    assert {page.name for page in PAGES[1:] if f"(docs/{page.name})" not in readme} == set()
