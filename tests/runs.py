"""Running the workflow in a folder, and reading what it made."""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from conftest import REPOSITORY

TINY = {
    "images": {"demo": {"per_class": 4}, "batch_size": 8},
    "blocks": ["2.0", "2.1"],
    "visualization": {"steps": 16, "post": "passing"},
    "measures": {"resamples": 100},
    "criteria": {"tolerance": 3},  # so that several channels pass after so few steps
    "ablation": {"blocks": ["2.1"], "trials": 2, "trials_per_job": 1, "scale_percents": [20, 50], "slack": {"2.1": 1}},
}


DEFAULT = {"images": {"demo": {"per_class": 50}}}  # the embedded default, with images enough for the tests


def overlaid(config: dict, **sections) -> dict:
    """The configuration with sections (or lists) laid over its own, key by key."""
    return config | {
        name: overlaid(config.get(name, {}), **keys) if isinstance(keys, dict) else keys for name, keys in sections.items()
    }


TINY_STUDY = overlaid(
    yaml.safe_load((REPOSITORY / "config" / "study.yaml").read_text()),
    **overlaid(
        TINY,
        layer_pairs=[["layer2.0", "layer2.1"]],
        visualization={"seeds": [0, 1]},
        ablation={"trials_per_job": 2, "selection": "one_seed"},
        robustness={"magnifications": [1.4, 2]},
        crosscoder={"blocks": ["2.1"], "widths": [12], "k": [2, 3], "seeds": [0], "steps": 5, "batch_size": 16},
        study={
            "sensitivity": {"tolerances": [1.2, 3], "gain_margins": [0.1], "magnifications": [1.5]},
            "tuning": [0.5, 1, 2],
            "nulls": ["rotated", "scrambled"],
            "dose": {"points": 2, "draws": 2},
            "resamples": 50,
        },
    ),
)
TINY_TRAINED = overlaid(
    TINY,
    model={"weights": "trained"},
    images={"resize": 72, "crop": 64},
    training={"epochs": 2, "batch_size": 16, "images": {"per_class": 6}},
)
# Of a family: what a network is, beside what all have in common.
PLANTED = {
    "name": "planted",
    "model": {"architecture": "planted", "weights": "planted:0", "planted": {"kinds": {"octave": 8, "same": 16}}},
    "images": {"source": "gratings"},
    "blocks": ["1.1"],
    "ablation": {"blocks": []},
}
PLAIN = {"name": "plain", "model": {"architecture": "small_plain", "weights": "trained"}, "ablation": {"blocks": []}}
EMBEDDED = {"name": "embedded", "measures": {"lags": [0, 0.5, 1]}}
TINY_FAMILY = overlaid(
    TINY,
    blocks=["2.1"],
    visualization={"steps": 2},
    measures={"lags": []},
    ablation={"trials": 1},
    robustness={"magnifications": [1, 1.41, 2]},
    training={"epochs": 1, "batch_size": 16, "images": {"per_class": 4}},
    family={"networks": [EMBEDDED, PLANTED, PLAIN], "makes": "comparison"},
)
TABLES = ["images", "criteria", "mean_activations", "top_images", "candidates", "ablation", "ratios"]
SNAKEMAKE = Path(sys.executable).with_name("snakemake")
PATH = f"{SNAKEMAKE.parent}:{os.environ['PATH']}"


def checkout(folder: Path) -> Path:
    """A copy of the project, for runs in its own folder and for edits."""
    files = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    for file in filter(None, files):
        if (REPOSITORY / file).is_file():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / file, folder / file)
    return folder


def command(folder: Path, config: dict, *arguments: str) -> list:
    """The command line of the workflow in a folder, of the project's copy there if there is one, with a configuration laid
    over the default one."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "test.yaml").write_text(yaml.safe_dump(config))
    return [SNAKEMAKE, *_arguments(folder, folder / "test.yaml", *arguments)]


def _arguments(folder: Path, configuration: Path, *arguments: str) -> list:
    project = folder if (folder / "Snakefile").exists() else REPOSITORY
    return ["--snakefile", project / "Snakefile", "--directory", folder, *arguments, "--configfile", configuration]


def snakemake(folder: Path, config: dict, *arguments: str, path: str = PATH) -> subprocess.CompletedProcess:
    """Run the workflow to its end, on two cores."""
    return subprocess.run(
        command(folder, config, *arguments, "--cores", "2"),
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PATH": path},
    )


# Answers each line of arguments with what Snakemake said and how it ended, from a child in which it need not be imported
# anew. Of what the Snakefile imports, the library itself is left out: a folder may have a version of its own.
SERVER = """
import json, os, sys, tempfile
import jsonschema, nbformat, numpy, pyarrow.parquet, smart_open, snakemake.cli

snakemake.cli.parse_args(["--workflow-profile", "none"])  # imports the plugins
assert len(os.listdir("/proc/self/task")) == 1 and "torch" not in sys.modules  # neither goes well with a fork
for line in sys.stdin:
    said = [tempfile.TemporaryFile(), tempfile.TemporaryFile()]
    child = os.fork()
    if not child:
        for number, file in enumerate([open(os.devnull), *said]):
            os.dup2(file.fileno(), number)
        sys.argv = json.loads(line)
        snakemake.cli.main()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    for file in said:
        file.seek(0)
    print(json.dumps([status, *(file.read().decode() for file in said)]), flush=True)
"""


@cache
def _server() -> subprocess.Popen:
    """It ends with this process, whose end closes its input."""
    no_threads = {"OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}
    return subprocess.Popen(
        [sys.executable, "-P", "-c", SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PATH": PATH} | no_threads,
    )


def forked(folder: Path, config: dict, *arguments: str) -> subprocess.CompletedProcess:
    """What Snakemake's command says and how it ends, sooner; the configuration does not go into the folder, so that several
    may ask at once. For what runs no job."""
    with tempfile.TemporaryDirectory() as aside:
        configuration = Path(aside, "test.yaml")
        configuration.write_text(yaml.safe_dump(config))
        return answered(_arguments(folder, configuration, *arguments))


def answered(arguments: list) -> subprocess.CompletedProcess:
    """What Snakemake's command with these arguments says and how it ends, sooner."""
    line = [str(word) for word in (SNAKEMAKE, *arguments)]
    server = _server()
    server.stdin.write(f"{json.dumps(line)}\n")
    server.stdin.flush()
    return subprocess.CompletedProcess(line, *json.loads(server.stdout.readline()))


def planned(folder: Path, config: dict, *arguments: str) -> dict[str, int]:
    """Jobs by rule that a run would have."""
    return jobs(forked(folder, config, *arguments, "--dry-run", "--cores", "2"))


def rules_in(*files: str) -> set[str]:
    """The rules of rule files of the workflow, all where none are named; those of the figures are made from their catalogue."""
    found = set()
    for path in (REPOSITORY / "workflow/rules").rglob("*.smk"):
        if path.stem in files or not files:
            found |= set(re.findall(r"^rule (\w+):", path.read_text(), re.MULTILINE))
    return found


def readers(folder: Path, config: dict) -> dict[str, set[str]]:
    """The rules that read what each rule writes."""
    shown = forked(folder, config, "--rulegraph", "dot").stdout
    names = dict(re.findall(r'(\d+)\[label = "(\w+)"', shown))
    found = {name: set() for name in names.values() if name != "all"}
    for writer, reader in re.findall(r"(\d+) -> (\d+)", shown):
        if names[reader] != "all":
            found[names[writer]].add(names[reader])
    return found


def completed(folder: Path, config: dict, *arguments: str, path: str = PATH) -> subprocess.CompletedProcess:
    """Run the workflow to its end, which it has to reach."""
    run = snakemake(folder, config, *arguments, path=path)
    assert run.returncode == 0, run.stdout + run.stderr
    return run


def started(folder: Path, config: dict, *arguments: str) -> subprocess.Popen:
    """Start the workflow in the background, on two cores unless told otherwise; what it says goes to a file."""
    cores = [] if "--workflow-profile" in arguments else ["--cores", "2"]
    with open(folder / "said.txt", "a") as said:
        return subprocess.Popen(
            command(folder, config, *arguments, *cores),
            stdout=said,
            stderr=subprocess.STDOUT,
            env=os.environ | {"PATH": PATH},
            cwd=folder,
        )


def resume(folder: Path) -> subprocess.CompletedProcess:
    """Go on with the run of a folder, by its own command line."""
    return subprocess.run(
        [sys.executable, "-m", "scalestream", "resume", "--directory", folder],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY / "workflow")},
    )


def processes(folder: Path, script: str = "") -> list[int]:
    """The processes that run jobs of the workflow in a folder, of one script if it is named; parents first."""
    return sorted(
        int(process.name)
        for process in Path("/proc").iterdir()
        if process.name.isdigit() and _runs_in(process, folder) and f"{script}.py".encode() in _file(process / "cmdline")
    )


def _runs_in(process: Path, folder: Path) -> bool:
    try:
        return (process / "cwd").readlink() == folder.resolve()
    except OSError:  # it has just ended
        return False


def _file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def awaited(found, seconds: int = 600):
    """What a function finds as soon as it finds something."""
    for _ in range(10 * seconds):
        if result := found():
            return result
        time.sleep(0.1)
    raise TimeoutError


def kill(pids: list[int]) -> None:
    """Kill processes; a child may end with its parent."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def jobs(run: subprocess.CompletedProcess) -> dict[str, int]:
    """Jobs by rule that a dry run plans."""
    said = run.stdout + run.stderr
    assert run.returncode == 0, said
    lines = said.splitlines()
    if "Job stats:" not in lines:
        assert "Nothing to be done" in said
        return {}
    table = lines[lines.index("Job stats:") + 3 :]
    counts = dict(line.split() for line in table[: next(k for k, line in enumerate(table) if line.startswith("total"))])
    return {rule: int(count) for rule, count in counts.items() if rule != "all"}


def table(folder: Path, name: str) -> list[dict]:
    return pq.read_table(folder / "results" / f"{name}.parquet").to_pylist()


def tables(folder: Path) -> dict[str, pa.Table]:
    """All tables of a run by their place, without the records of what made them; that of times apart."""
    found = sorted(set((folder / "results").rglob("*.parquet")) - {folder / "results/benchmarks.parquet"})
    return {str(path.relative_to(folder)): pq.read_table(path).replace_schema_metadata() for path in found}


def state(folder: Path) -> dict[Path, tuple[int, str]]:
    """Time and digest of each file of a folder, but for Snakemake's own notes and what tests write there."""
    files = [path for path in folder.rglob("*") if path.is_file() and ".snakemake" not in path.parts]
    read = lambda path: hashlib.sha256(path.read_bytes()).hexdigest()
    return {path: (path.stat().st_mtime_ns, read(path)) for path in files if path.name not in ("test.yaml", "said.txt")}


def finished(folder: Path) -> dict[Path, int]:
    """When each table was written, of those that have been there for a moment, so that Snakemake knows them to be finished."""
    times = {
        path: path.stat().st_mtime_ns
        for path in (folder / "results").rglob("*.parquet")
        if not path.parent.name.startswith(".")
    }  # those are being written
    return {path: written for path, written in times.items() if written < time.time_ns() - 2e9}
