"""Another workflow that uses this one as a module, in a folder of its own: with and without a prefix, and a rule that reads a
table."""

import os
import subprocess
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from conftest import REPOSITORY
from runs import PATH, SNAKEMAKE, TINY, checkout, jobs, overlaid

SMALLEST = overlaid(TINY, blocks=["2.1"], visualization={"steps": 2})
MODULE = """
configfile: "outer.yaml"

module scale:
    snakefile: {snakefile!r}
    {directives}

use rule * from scale as scale_*

rule count:
    input: {table!r}
    output: "count.txt"
    run:
        import pyarrow.parquet as pq
        with open(output[0], "w") as file:
            print(pq.read_metadata(input[0]).num_rows, file=file)

rule everything:
    input: rules.scale_all.input, "count.txt"
    default_target: True

rule named_as_ours:
    output: "named/{{layer}}.{{kind}}.txt"
    shell: "touch {{output}}"

onstart:
    scale.onstart()
"""
CONFIG = 'config: config["scale"]'


def outer(folder: Path, config: dict, prefix: str = "", directives: str = CONFIG, project: Path = REPOSITORY) -> Path:
    """A folder with a workflow that has ours as a module."""
    folder.mkdir(parents=True, exist_ok=True)
    if prefix:
        directives = f"{directives}\n    prefix: {prefix!r}"
    (folder / "Snakefile").write_text(
        MODULE.format(
            snakefile=str(project / "Snakefile"), directives=directives, table=str(Path(prefix, "results/criteria.parquet"))
        )
    )
    (folder / "outer.yaml").write_text(yaml.safe_dump({"scale": config}))
    return folder


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [SNAKEMAKE, *arguments, "--cores", "2"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PATH": PATH},
    )


def said(done: subprocess.CompletedProcess) -> str:
    return done.stdout + done.stderr


@pytest.mark.parametrize("prefix", ["", "scale"])
def test_a_rule_of_another_workflow_reads_a_table(tmp_path, prefix):
    folder = outer(tmp_path, SMALLEST, prefix)
    results = folder / prefix / "results"
    killed = results / "criteria" / ".x.parquet.0.partial"
    killed.mkdir(parents=True)
    done = run(folder, "count.txt")
    assert done.returncode == 0, said(done)
    assert "localrules directive" not in said(done)
    assert (folder / "count.txt").read_text() == "24\n" and not killed.exists()
    assert {path.name for path in folder.iterdir()} == {"Snakefile", "outer.yaml", "count.txt", ".snakemake"} | (
        {prefix} if prefix else {"results", "logs"}
    )
    assert jobs(run(folder, "count.txt", "--dry-run")) == {}
    gathered = {"scale_gather_criteria": 1, "count": 1}
    outer(folder, overlaid(SMALLEST, criteria={"tolerance": 2}), prefix)
    assert jobs(run(folder, "count.txt", "--dry-run")) == {"scale_evaluate_criteria": 1} | gathered
    outer(folder, overlaid(SMALLEST, ablation={"trials": 1}), prefix)
    assert jobs(run(folder, "count.txt", "--dry-run")) == {}

    damaged, foreign = results / "criteria.parquet", results / "of_another_rule.parquet"
    damaged.write_bytes(damaged.read_bytes()[:-100])
    pq.write_table(pa.table({"a": [1]}), foreign)
    targets = "count.txt", str(damaged.relative_to(folder))
    assert jobs(run(folder, *targets, "--dry-run")) == gathered
    done = run(folder, *targets)
    assert done.returncode == 0 and f"it is now {targets[1]}.damaged" in said(done)
    assert foreign.exists() and damaged.exists() and damaged.with_name("criteria.parquet.damaged").exists()
    assert jobs(run(folder, *targets, "--dry-run")) == {}


@pytest.mark.parametrize("prefix", ["", "scale"])
def test_everything_is_planned_from_another_workflow(tmp_path, prefix):
    counts = jobs(run(outer(tmp_path, SMALLEST, prefix), "--dry-run", "--quiet", "rules"))
    assert counts["everything"] == counts["count"] == counts["scale_build_atlas"] == 1
    assert counts["scale_visualize"] == 2 and counts["scale_visualize_posts"] == 1
    assert {name for name in counts if not name.startswith("scale_")} == {"everything", "count"}


@pytest.mark.parametrize("directives", ["", "config: {}"])
def test_without_a_configuration_it_is_the_default_one(tmp_path, directives):
    """And neither the other workflow's, nor a file of the default one's name beside it."""
    folder = outer(tmp_path, {}, "scale", directives)
    (folder / "config.yaml").write_text("visualization: {stepz: 3}")
    assert jobs(run(folder, "scale_all", "--dry-run", "--quiet", "rules"))["scale_visualize"] == 18


def test_a_prefix_spares_what_is_not_made_here(tmp_path):
    """Files of a checkout inside the other workflow's folder, and weights and images there."""
    project = checkout(tmp_path / "modules" / "scalestream")
    weights = tmp_path / "network.safetensors"
    weights.write_bytes((REPOSITORY / "resources/small.safetensors").read_bytes())
    (tmp_path / "photographs" / "a").mkdir(parents=True)
    (tmp_path / "photographs" / "a" / "1.png").touch()
    config = overlaid(SMALLEST, model={"weights": weights.name}, images={"source": "class_folders", "root": "photographs"})
    done = run(outer(tmp_path, config, "scale", project=project), "--dry-run")
    assert done.returncode == 0, said(done)
    assert f"input: {weights.name}\n" in said(done) and ", modules/scalestream/workflow/atlas/atlas.css" in said(done)


def test_wildcards_of_the_same_names_are_free(tmp_path):
    done = run(outer(tmp_path, SMALLEST), "named/any.thing.txt")
    assert done.returncode == 0, said(done)


@pytest.mark.parametrize("prefix", ["", "scale"])
def test_bad_input_stops_another_workflow_with_one_line(tmp_path, prefix):
    done = run(outer(tmp_path, {"visualization": {"stepz": 3}}, prefix), "count.txt")
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["config: visualization.stepz is not a known key; did you mean 'steps'?"]
    assert {path.name for path in tmp_path.iterdir()} <= {"Snakefile", "outer.yaml", ".snakemake"}


def test_a_report_of_another_workflow(tmp_path):
    """Captions read the module's configuration; the introduction to our own report is none to this one."""
    folder = outer(tmp_path, SMALLEST, "scale")
    done = run(folder, "scale/results/images.parquet")
    assert done.returncode == 0, said(done)
    done = run(folder, "scale/results/images.parquet", "--report", "report.html")
    assert done.returncode == 0, said(done)
    page = (folder / "report.html").read_text()
    assert "skip_unreadable: False" in page and "invariant to scale" not in page
