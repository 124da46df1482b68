"""Running the workflow in a folder, and reading what it made."""

import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import yaml

from conftest import REPOSITORY


def snakemake(folder: Path, config: dict, *arguments: str) -> subprocess.CompletedProcess:
    """Run the workflow in a folder with a configuration laid over the default one."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "test.yaml").write_text(yaml.safe_dump(config))
    return subprocess.run(
        [Path(sys.executable).with_name("snakemake"), "--snakefile", REPOSITORY / "Snakefile", "--directory", folder,
         "--configfile", folder / "test.yaml", "--cores", "2", *arguments], capture_output=True, text=True, check=False)


def overlaid(config: dict, **sections) -> dict:
    """The configuration with sections (or lists) laid over its own."""
    return config | {name: config.get(name, {}) | keys if isinstance(keys, dict) else keys for name, keys in sections.items()}


def planned(run: subprocess.CompletedProcess) -> dict[str, int]:
    """Jobs by rule that a dry run (with --quiet all off) plans."""
    lines = (run.stdout + run.stderr).splitlines()
    if "Job stats:" not in lines:
        assert "Nothing to be done" in run.stdout + run.stderr
        return {}
    table = lines[lines.index("Job stats:") + 3:]
    jobs = dict(line.split() for line in table[:next(k for k, line in enumerate(table) if line.startswith("total"))])
    return {rule: int(count) for rule, count in jobs.items() if rule != "all"}


def table(folder: Path, name: str) -> list[dict]:
    return pq.read_table(folder / "results" / f"{name}.parquet").to_pylist()
