"""What is changed of Snakemake's ways, in real runs of it."""

import re
import subprocess

from conftest import REPOSITORY
from runs import SNAKEMAKE

# Five jobs of a second and a half, one after the other; says how often jobs were chosen.
SNAKEFILE = f"""
import sys
sys.path.insert(0, "{REPOSITORY / "workflow"}")
from scalestream.run import planning

chosen = []

rule all:
    input: expand("{{number}}.txt", number=range(5))

rule wait:
    output: "{{number}}.txt"
    shell: "sleep 1.5; touch {{output}}"

onstart:
    planning.let_rest(workflow)
    choose = workflow.scheduler.job_selector
    workflow.scheduler.job_selector = lambda jobs: chosen.append(jobs) or choose(jobs)

onsuccess:
    print("chosen", len(chosen))
"""


def test_jobs_are_chosen_when_one_has_ended_and_not_besides(tmp_path):
    """Six times; left to itself Snakemake 9.27 does so about twenty times, and more often the longer a run is."""
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    run = subprocess.run([SNAKEMAKE, "--cores", "1"], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    (count,) = re.findall(r"^chosen (\d+)$", run.stdout + run.stderr, re.MULTILINE)
    assert int(count) <= 6
