"""Checks the configuration before any job, and answers the rules' questions about it."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from functools import cache, partial
from modulefinder import ModuleFinder
from os.path import relpath
from pathlib import Path

from snakemake.logging import logger

WORKFLOW = Path(workflow.basedir) / "workflow"
sys.path.insert(0, str(WORKFLOW))
os.environ.update(SCALESTREAM_LOCK=str(WORKFLOW.parent / "envs" / "requirements.txt"))  # for the conda environment
if not workflow.subprocess_exec:
    os.environ.update(SCALESTREAM_RUN=str(os.getpid()))  # without which no job goes on

from scalestream import config as configuration
from scalestream import tables
from scalestream.architectures import all_layers, layer_channels, select_blocks
from scalestream.errors import InputError
from scalestream.selection import seeds_to_ask
from scalestream.sensitivity import with_papers


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
def has_gpu():
    """Whether this machine has a GPU that jobs may compute on."""
    listed = ["nvidia-smi", "--list-gpus"]
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") == ""
    return not hidden and bool(shutil.which(listed[0])) and subprocess.run(listed, capture_output=True).returncode == 0


def gpus(wildcards):
    """How many GPUs a job of this machine computes on; on a cluster, the profile says what to ask for."""
    return int(workflow.is_main_process and workflow.local_exec and has_gpu())


def set_aside(fault):
    """Moves a damaged or foreign table away, so that it is made anew where it is needed; in a dry run too."""
    path, reason = fault
    aside = path.rename(path.with_name(f"{path.name}.damaged"))
    logger.warning(f"{reason}; it is now {aside}, and is made anew if it is needed")


@cache
def library(script):
    """A digest of a script and the library's modules that it imports, directly or not: as a parameter, it has an edit rerun
    the rule, whereas Snakemake would judge the script by its time, and not know the modules (rerun-triggers)."""
    finder = ModuleFinder(path=[str(WORKFLOW), str(WORKFLOW / "scripts")])
    finder.run_script(str(WORKFLOW / "scripts" / script))
    files = sorted(Path(module.__file__) for module in finder.modules.values() if module.__file__)
    return hashlib.sha256(b"".join(file.name.encode() + file.read_bytes() for file in files)).hexdigest()


def ranges(count, size):
    """Half-open ranges of at most `size` that cover 0..count, as they stand in file names."""
    return [f"{first}-{min(first + size, count)}" for first in range(0, count, size)]


CONFIG = checked(config)
config.update(CONFIG)  # which the report's captions read
ARCHITECTURE = CONFIG["model"]["architecture"]
BLOCKS = {block.name: block for block in select_blocks(ARCHITECTURE, CONFIG["blocks"], "blocks")}
ABLATED = [name for name in BLOCKS if name in CONFIG["ablation"]["blocks"]]
LAYERS = layer_channels(list(BLOCKS.values()))
ALL_LAYERS = all_layers(ARCHITECTURE)
SEEDS = CONFIG["visualization"]["seeds"]
FIRST_SEED = SEEDS[0]
TRIALS = ranges(CONFIG["ablation"]["trials"], CONFIG["ablation"]["trials_per_job"])
MODEL = {"weights": "results/model/weights.safetensors", "manifest": "results/model/manifest.json"}

settings = partial(configuration.settings, CONFIG)
STUDY = settings("study")["study"]


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
]
COMPARED = [
    "model.architecture",
    "model.weights",
    "images.source",
    "images.resize",
    "images.crop",
    "visualization.steps",
    "visualization.learning_rate",
    "visualization.sd",
    "visualization.scales",
    "visualization.angles",
    "criteria.tolerance",
    "criteria.magnification",
    "ablation.selection",
    "ablation.crop_convention",
    "ablation.trials",
    "ablation.slack",
]


def optimization(layers, seed):
    """Settings of the optimisation, with its seed and the jitter of just these layers."""
    jitter = {layer: configuration.jitter(CONFIG, layer) for layer in layers}
    return settings(*OPTIMIZATION) | {"jitter": jitter, "visualization.seed": int(seed)}


@cache
def folder_state(folder):
    """A digest of the names, sizes and times of a folder's files: a file replaced, removed or added changes it."""
    files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    lines = (f"{path.relative_to(folder)} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in files)
    return hashlib.sha256("\n".join(lines).encode(errors="surrogateescape")).hexdigest()


def visualization_chunks(layer, seed):
    """The files with a layer's channels of one seed, in order."""
    return expand(
        "results/visualizations/chunks/{seed}/{layer}/{range}.parquet",
        seed=seed,
        layer=layer,
        range=ranges(LAYERS[layer], CONFIG["visualization"]["channels_per_job"]),
    )


def slack(wildcards):
    """How much higher a block's draws may score at no scale."""
    return settings("ablation.slack")["ablation.slack"].get(wildcards.block, 0)


def previous_screening(wildcards):
    """The screening of the trials just before these, if there are any."""
    before = [trials for trials in TRIALS if trials.endswith(f"-{wildcards.first}")]
    return expand(f"results/ablation/{wildcards.block}/{wildcards.control}/screening/{{trials}}.parquet", trials=before)


def percents():
    """The scale transformations, ascending."""
    return sorted(CONFIG["ablation"]["scale_percents"])


def figure(name, category, **labels):
    """A figure's files; the report has it in a category, with its caption and labels."""
    path, caption = f"results/figures/{name}", f"../report/{name}.rst"
    return {"png": report(f"{path}.png", category=category, caption=caption, labels=labels), "pdf": f"{path}.pdf"}


def with_natural_images(path, **shown):
    """An output with natural images, which goes into the report only where they may be shared (atlas.natural_images)."""
    return report(path, **shown) if CONFIG["atlas"]["natural_images"] else path


def compared(config):
    """What decides whether numbers of two configurations may be compared."""
    jitter = {layer: configuration.jitter(config, layer) for layer in LAYERS}
    return configuration.settings(config, *COMPARED) | {"visualization.jitter": jitter}


wildcard_constraints:
    layer="|".join(map(re.escape, ALL_LAYERS)),
    block="|".join(map(re.escape, BLOCKS)),
    control="random|unscreened|matched|all",
    kind="mean|zero|resample",
    seed=r"\d+",
    first=r"\d+",
    stop=r"\d+",
    shard=r"\d+",
    shards=r"\d+",


if workflow.is_main_process:
    for fault in tables.damaged("results"):
        set_aside(fault)


onstart:
    for partial in Path("results").rglob(f".*{tables.PARTIAL}"):  # of jobs that were killed
        shutil.rmtree(partial, ignore_errors=True)
