"""Checks the configuration before any job, and answers the rules' questions about it."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from functools import cache, partial
from os.path import relpath
from pathlib import Path

from snakemake.logging import logger

WORKFLOW = Path(workflow.snakefile).parents[1]  # not by workflow.basedir, which is another's where this is a module
sys.path.insert(0, str(WORKFLOW))
os.environ.update(SCALESTREAM_LOCK=str(WORKFLOW.parent / "envs" / "requirements.txt"))  # for the conda environment
if not workflow.subprocess_exec:
    os.environ.update(SCALESTREAM_RUN=str(os.getpid()))  # without which no job goes on

from scalestream.config import checking, completion, dependencies
from scalestream.config import files as config_files
from scalestream.config import settings as configuration
from scalestream.config.dependencies import chunks
from scalestream.criteria.selection import MEASURES, seeds_to_ask
from scalestream.digest.library import Library
from scalestream.errors import InputError
from scalestream.images.sources import DRAWN
from scalestream.networks.architectures import SHIPPED, description, family, require_fit, source_file
from scalestream.networks.interface import planted_seed, random_seed
from scalestream.run import files, tables


def checked(raw):
    """The configuration, or one line a fault and the end of the run."""
    try:
        complete = checking.check(raw)
        if workflow.is_main_process and Path(complete["model"]["weights"]).is_file():
            require_fit(complete["model"]["architecture"], complete["model"]["weights"])
    except InputError as error:
        sys.exit(str(error))
    return complete


@cache
def has_gpu():
    """Whether this machine has a GPU that jobs may compute on."""
    listed = ["nvidia-smi", "--list-gpus"]
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") == ""
    return not hidden and bool(shutil.which(listed[0])) and subprocess.run(listed, capture_output=True).returncode == 0


def gpus(wildcards):
    """How many GPUs a job of this machine computes on; on a cluster, the profile says what to ask for."""
    return int(workflow.is_main_process and workflow.local_exec and has_gpu())


def ours(path):
    """Whether a rule of this workflow makes a file; as a module, it may share its folder with others."""
    return any(output.match(str(path)) for rule in workflow.modifier.rules for output in rule.output)


def set_aside(fault):
    """Moves a damaged or foreign table away, so that it is made anew where it is needed; in a dry run too."""
    path, reason = fault
    aside = path.rename(path.with_name(f"{path.name}.damaged"))
    logger.warning(f"{reason}; it is now {aside}, and is made anew if it is needed")


LIBRARY = Library([WORKFLOW, WORKFLOW / "scripts"])


def code(script, *definitions):
    """A digest of all code that can change what a script makes: as a parameter, it has an edit of meaning rerun the rule,
    whereas Snakemake would judge the script by its time, and not know the library (rerun-triggers).

    definitions: what the script reads by name, as `module:name`.
    """
    roots = [script, *definitions]
    if "scalestream.networks.architectures:architecture" in LIBRARY.reached(roots):
        roots.append(family(ARCHITECTURE))
    return LIBRARY.digest(roots)


CONFIG = checked(config if workflow.modifier.is_main_snakefile() else config_files.overlaid(config_files.read([]), config))
config = CONFIG  # which the report's captions read
ARCHITECTURE = CONFIG["model"]["architecture"]
NETWORK = description(ARCHITECTURE)
BLOCKS = {block.name: block for block in checking.judged(CONFIG, NETWORK)}
LINEAR = [name for name, block in BLOCKS.items() if block.is_linear]
ABLATED = [name for name in BLOCKS if name in CONFIG["ablation"]["blocks"]]
LAYERS = NETWORK.channels(BLOCKS.values())
LAYERS_BY_BLOCK = {name: block.layers for name, block in BLOCKS.items()}
STREAMS = {block.stream: block.channels for block in BLOCKS.values()}  # what ablations overwrite
EXTRACTED = LAYERS | STREAMS
SEEDS = CONFIG["visualization"]["seeds"]
FIRST_SEED = SEEDS[0]
TRIALS = chunks(CONFIG["ablation"]["trials"], CONFIG["ablation"]["trials_per_job"])
MODEL = {"weights": "results/model/weights.safetensors", "manifest": "results/model/manifest.json"}

if workflow.is_main_process:
    for difference in completion.differences(CONFIG, NETWORK):
        logger.warning(difference)
    if LINEAR:
        logger.warning(f"linear stream: {', '.join(LINEAR)}: {ARCHITECTURE} does not rectify the sum; Post is ReLU of it")

settings = partial(configuration.settings, CONFIG)
STUDY = settings("study")["study"]

TARGETS = []  # files that a run makes
SHOWN = {}  # by table that the report shows: its category, and its schema


def show(table, category, schema):
    """Has a run make a table, and the report show it in a category."""
    TARGETS.append(f"results/{table}.parquet")
    SHOWN[table] = category, schema


def untracked(key):
    """The value of a dotted key that results do not depend on, rounding apart, as a parameter whose change reruns nothing.

    Snakemake leaves parameters out of its comparison when they are functions of more than the wildcards."""
    (value,) = settings(key).values()
    return lambda wildcards, threads: value


def weights_file():
    """The weights as an input file, where they are one; local, as all that no job makes, so that a module's prefix spares it."""
    weights = CONFIG["model"]["weights"]
    if shipped := SHIPPED.get(ARCHITECTURE, {}).get(weights):
        weights = relpath(shipped)
    return [local(weights)] if Path(weights).is_file() else []


def network_file():
    """The file that a user's network comes from."""
    file = source_file(ARCHITECTURE)
    return [local(str(file))] if file else []


@cache
def folder_state(folder):
    """A digest of the names, sizes and times of a folder's files: a file replaced, removed or added changes it."""
    paths = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    lines = (f"{path.relative_to(folder)} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in paths)
    return hashlib.sha256("\n".join(lines).encode(errors="surrogateescape")).hexdigest()


def visualization_chunks(layer, seed):
    """The files with a layer's channels of one seed, in order."""
    return expand(
        "results/visualizations/chunks/{seed}/{layer}/{range}.parquet",
        seed=seed,
        layer=layer,
        range=chunks(LAYERS[layer], CONFIG["visualization"]["channels_per_job"]),
    )


def weights_settings(weights):
    """What the network with such weights depends on."""
    own = settings("model.architecture") | {"model.weights": weights, "description": NETWORK.digest}
    on_images = settings(*dependencies.TRANSFORMED_IMAGES) if random_seed(weights) is not None else {}
    return own | on_images | (settings("model.planted") if planted_seed(weights) is not None else {})


def other_weights(wildcards):
    """Settings of another network: weights of a name of their own, or those of the run in random order."""
    kind, _, seed = wildcards.network.partition("-")
    if kind != "permuted":
        return weights_settings(f"{kind}:{seed}")
    own = weights_settings(CONFIG["model"]["weights"])
    return own | settings(*dependencies.TRANSFORMED_IMAGES) | {"permutation": int(seed)}


def other_chunks(network, layer, seed):
    """The files with a layer's channels of one seed, in order, in another network."""
    own = visualization_chunks(layer, seed)
    return [file.replace("results/visualizations/chunks", f"results/networks/{network}/visualizations") for file in own]


def previous_screening(wildcards):
    """The screening of the trials just before these, if there are any."""
    before = [trials for trials in TRIALS if trials.endswith(f"-{wildcards.first}")]
    return expand(f"results/ablation/{wildcards.block}/{wildcards.control}/screening/{{trials}}.parquet", trials=before)


def figure_blocks(figure):
    """The blocks that a figure shows."""
    stages = {name: block.stage for name, block in BLOCKS.items()}
    return figure.blocks(stages, ABLATED, list(CONFIG["figures"]["figure1"]))


def figure_options(figure):
    """The further arguments of the function that draws a figure."""
    options = {name: value for name, key in figure.options for value in settings(key).values()}
    return options | ({"blocks": figure_blocks(figure)} if figure.stages else {})


def figure_files(figure):
    """A figure's files; the report has it in a category, with its caption and labels."""
    path, label = f"results/figures/{figure.name}", figure.label
    blocks = "all" if figure.shows_all else ", ".join(figure_blocks(figure)) or "none"
    in_report = partial(report, category=figure.category)
    if figure.natural_images and not CONFIG["atlas"]["natural_images"]:
        in_report = lambda path, **shown: path
    if figure.stages:
        labels = lambda wildcards: {"result": f"{label}, page {wildcards.page}", "blocks": blocks}
        folder = in_report(directory(path), patterns=["{page}.png"], caption="../report/grids.rst", labels=labels)
        return {"pdf": f"{path}.pdf", "pages": folder}
    png = in_report(f"{path}.png", caption=f"../report/{figure.name}.rst", labels={"result": label, "blocks": blocks})
    return {"png": png, "pdf": f"{path}.pdf"}


wildcard_constraints:
    layer="|".join(map(re.escape, EXTRACTED)),
    block="|".join(map(re.escape, BLOCKS)),
    control="random|unscreened|matched|all",
    replacement="mean|zero|resample",
    network=r"(random|permuted|planted)-\d+",
    seed=r"\d+",
    first=r"\d+",
    stop=r"\d+",
    shard=r"\d+",
    shards=r"\d+",
