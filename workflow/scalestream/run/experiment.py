"""What a results folder is of: the experiment that was run into it, and the command that did and can go on."""

import json
import os
import platform
import shlex
import subprocess
import sys
from pathlib import Path

from scalestream.errors import InputError
from scalestream.images.sources import DRAWN
from scalestream.networks.interface import TRAINED, planted_seed
from scalestream.places import PROJECT
from scalestream.run import provenance
from scalestream.run.files import atomic_write, sha256

RECORD = "run.json"
ON_SLURM = PROJECT / "profiles" / "slurm" / "resume.sh"


def experiment(config: dict) -> dict:
    """What tells an experiment from another, by keys of the configuration: the network, its weights, and the images.

    What compares the networks of a family is told from those alone, as they come and go.
    """
    if config["family"]["networks"]:
        return {"family.networks": "several"}
    model, images = config["model"], config["images"]
    found = {f"model.{key}": model[key] for key in ("architecture", "weights", "stream")} | {"images.source": images["source"]}
    if Path(model["weights"]).is_file():
        found["model.weights"] = {"file": model["weights"], "sha256": sha256(model["weights"])}
    if planted_seed(model["weights"]) is not None:
        found["model.planted"] = model["planted"]
    if model["weights"] == TRAINED:
        found["model.training"] = _training(config["training"])
    if images["source"] in DRAWN:
        return found | {"images.demo": images["demo"]}
    return found | {"images.root": str(Path(images["root"]).resolve())}


def require(config: dict, results: Path) -> None:
    """Raises InputError when the folder holds another experiment, unless the configuration says that it is to be replaced."""
    if config["replace"]:
        return
    here, there = experiment(config), _held(results)
    differing = [key for key in there if _differ(key, there, here)]
    if differing:
        named = ", ".join(f"{key} is {_shown(there[key])} there and {_shown(here.get(key))} here" for key in differing)
        raise InputError(
            f"{results.resolve()} holds another experiment: {named}; "
            "name another folder with --directory, or replace what is there with --config replace=true"
        )


def write(results: Path, config: dict, started_in: str, on_cluster: bool) -> None:
    """Note the experiment, and this very process with its command line, as those of the folder.

    started_in: the folder that the paths in the command line are relative to.
    """
    process = {"host": platform.node(), "pid": os.getpid(), "started": _start(os.getpid())}
    command = {"arguments": sys.argv[1:], "directory": started_in, "on_cluster": on_cluster}
    with atomic_write(results / RECORD) as partial:
        partial.write_text(json.dumps({"experiment": experiment(config)} | command | process, indent=2) + "\n")


def resume(directory: Path) -> None:
    """Unlock a folder whose run is gone, and go on with the run's own command line; does not return.

    Raises InputError where there is none, where it may still be going on, and where it has jobs on a cluster.
    """
    try:
        run = json.loads((directory / "results" / RECORD).read_text())
    except (OSError, ValueError) as error:
        raise InputError(f"{directory / 'results' / RECORD} is not there; name the folder of a run with --directory") from error
    arguments, folder = shlex.join(run["arguments"]), Path(run["directory"])
    process, inside = f"process {run['pid']} of {run['host']}", f"cd {shlex.quote(str(folder))} &&"
    is_here = run["host"] == platform.node()
    if is_here and _start(run["pid"]) == run["started"]:
        raise InputError(f"this run is still going on: {process}; wait for it, or end it first")
    if run["on_cluster"]:
        raise InputError(f"this run has jobs on a cluster; when {process} is gone: {inside} bash {ON_SLURM} {arguments}")
    if not is_here:
        by_hand = f"{inside} snakemake --unlock {arguments} && snakemake {arguments}"
        raise InputError(f"this run is {process}; go on there, or, when you know that it is gone: {by_hand}")
    if not folder.is_dir():
        raise InputError(f"this run was started in {folder}, which is not there; move it back, or start a run anew")
    snakemake = str(Path(sys.executable).with_name("snakemake"))
    os.chdir(folder)
    print(f"{inside} snakemake {arguments}", flush=True)
    if code := subprocess.run([snakemake, "--unlock", *run["arguments"]], check=False).returncode:
        sys.exit(code)
    os.execv(snakemake, [snakemake, *run["arguments"]])


def _held(results: Path) -> dict:
    """The experiment that a folder holds; of a version that did not say so, what model and images say."""
    try:
        return json.loads((results / RECORD).read_text())["experiment"]
    except (OSError, KeyError, TypeError, ValueError):
        return _model(results / "model" / "manifest.json") | _images(results / "images.parquet")


def _training(section: dict) -> dict:
    """The settings of a training, with the folder of its images wherever it is named from, and whoever has them listed."""
    images = {key: value for key, value in section["images"].items() if key != "made_in"}
    return section | {"images": images | {"root": images["root"] and str(Path(images["root"]).resolve())}}


def _model(manifest: Path) -> dict:
    try:
        fields = json.loads(manifest.read_text())
        return {"model.architecture": fields["description"]["architecture"], "model.weights": fields["weights"]}
    except (OSError, KeyError, TypeError, ValueError):
        return {}


def _images(table: Path) -> dict:
    try:
        settings = provenance.read(table).get("settings", {})
    except (InputError, OSError):
        return {}
    found = {key: settings[key] for key in ("images.source", "images.root") if key in settings}
    return found | ({"images.root": str(Path(found["images.root"]).resolve())} if "images.root" in found else {})


def _differ(key: str, there: dict, here: dict) -> bool:
    """Weights of a file are compared by what is in it, where that is known."""
    one, other = there[key], here.get(key)
    if key == "model.weights" and isinstance(other, dict):
        return one["sha256"] != other["sha256"] if isinstance(one, dict) else one != other["file"]
    return one != other


def _shown(value: object) -> str:
    """A value of an experiment in a line."""
    if isinstance(value, dict) and "sha256" in value:
        return f"{value['file']} ({value['sha256'][:8]})"
    return "not set" if value is None else str(value)


def _start(pid: int) -> str | None:
    """When a process of this machine was started, in the system's own count; None where it has ended."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if state in "ZX" else fields[18]
