"""Checks the configuration before any job, and answers the rules' questions about it."""

import hashlib
import os
import re
import sys
from functools import cache, partial
from modulefinder import ModuleFinder
from os.path import relpath
from pathlib import Path

WORKFLOW = Path(workflow.basedir) / "workflow"
sys.path.insert(0, str(WORKFLOW))
os.environ.update(SCALESTREAM_LOCK=str(WORKFLOW.parent / "envs" / "requirements.txt"))  # for the conda environment

from scalestream import config as configuration
from scalestream.architectures import all_layers, layer_channels, select_blocks
from scalestream.errors import InputError


def checked(raw):
    """The configuration, or one line a fault and the end of the run."""
    try:
        found = configuration.check(raw)
        if workflow.is_main_process and Path(found["model"]["weights"]).is_file():
            from scalestream import network  # torch takes seconds to import

            network.resolve(**found["model"])
    except InputError as error:
        sys.exit(str(error))
    return found


@cache
def library(script):
    """The library's modules that a script imports, directly or not: an edit to one reruns the rule."""
    finder = ModuleFinder(path=[str(WORKFLOW), str(WORKFLOW / "scripts")])
    finder.run_script(str(WORKFLOW / "scripts" / script))
    files = {name: module.__file__ for name, module in finder.modules.items() if module.__file__}
    return sorted(relpath(path) for name, path in files.items() if name != "__main__")


def ranges(count, size):
    """Half-open ranges of at most `size` that cover 0..count, as they stand in file names."""
    return [f"{first}-{min(first + size, count)}" for first in range(0, count, size)]


CONFIG = checked(config)
ARCHITECTURE = CONFIG["model"]["architecture"]
BLOCKS = {block.name: block for block in select_blocks(ARCHITECTURE, CONFIG["blocks"], "blocks")}
ABLATED = [name for name in BLOCKS if name in CONFIG["ablation"]["blocks"]]
LAYERS = layer_channels(list(BLOCKS.values()))
ALL_LAYERS = all_layers(ARCHITECTURE)
TRIALS = ranges(CONFIG["ablation"]["trials"], CONFIG["ablation"]["trials_per_job"])
MODEL = {"weights": "results/model/weights.safetensors", "manifest": "results/model/manifest.json"}

settings = partial(configuration.settings, CONFIG)


def untracked(key):
    """The value of a dotted key that results do not depend on, rounding apart, as a parameter whose change reruns nothing.

    Snakemake leaves parameters out of its comparison when they are functions of more than the wildcards."""
    (value,) = settings(key).values()
    return lambda wildcards, threads: value


def weights_file():
    """The weights as an input file, where they are one."""
    weights = CONFIG["model"]["weights"]
    if weights == "embedded":
        return [relpath(WORKFLOW.parent / "resources" / "small.safetensors")]
    return [weights] if Path(weights).is_file() else []


OPTIMIZATION = [
    "images.crop",
    "visualization.steps",
    "visualization.learning_rate",
    "visualization.sd",
    "visualization.scales",
    "visualization.angles",
    "visualization.seed",
]


def optimization(layers):
    """Settings of the optimisation, with the jitter of just these layers."""
    return settings(*OPTIMIZATION) | {"jitter": {layer: configuration.jitter(CONFIG, layer) for layer in layers}}


@cache
def folder_state(folder):
    """A digest of the names, sizes and times of a folder's files: a file replaced, removed or added changes it."""
    files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    lines = (f"{path.relative_to(folder)} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in files)
    return hashlib.sha256("\n".join(lines).encode(errors="surrogateescape")).hexdigest()


def visualization_chunks(wildcards):
    """The files with a layer's channels, in order."""
    return expand(
        "results/visualizations/chunks/{layer}/{range}.parquet",
        layer=wildcards.layer,
        range=ranges(LAYERS[wildcards.layer], CONFIG["visualization"]["channels_per_job"]),
    )


def slack(wildcards):
    """How much higher a block's draws may score at no scale."""
    return settings("ablation.slack")["ablation.slack"].get(wildcards.block, 0)


def previous_screening(wildcards):
    """The screening of the trials just before these, if there are any."""
    before = [trials for trials in TRIALS if trials.endswith(f"-{wildcards.first}")]
    return expand("results/ablation/{block}/screening/{trials}.parquet", block=wildcards.block, trials=before)


wildcard_constraints:
    layer="|".join(map(re.escape, ALL_LAYERS)),
    block="|".join(map(re.escape, BLOCKS)),
    first=r"\d+",
    stop=r"\d+",
    shard=r"\d+",
    shards=r"\d+",
