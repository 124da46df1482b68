"""Puts the library within reach, and has what the rules of a network and those of a family share."""

import atexit
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from functools import cache, partial
from os.path import relpath
from pathlib import Path

from snakemake.logging import logger
from snakemake.settings.enums import Quietness
from snakemake.settings.types import DeploymentMethod

WORKFLOW = Path(workflow.snakefile).parents[1]  # not by workflow.basedir, which is another's where this is a module
sys.path.insert(0, str(WORKFLOW))
os.environ.update(SCALESTREAM_LOCK=str(WORKFLOW.parent / "envs" / "requirements.txt"))  # for the conda environment
if not workflow.subprocess_exec:
    os.environ.update(SCALESTREAM_RUN=str(os.getpid()))  # without which no job goes on

from scalestream.config import checking, completion, dependencies, members
from scalestream.config import files as config_files
from scalestream.config import settings as configuration
from scalestream.config.dependencies import chunks
from scalestream.criteria.selection import MEASURES, seeds_to_ask
from scalestream.digest.library import library
from scalestream.errors import InputError
from scalestream.figures.catalogue import FAMILY_FIGURES, FIGURES
from scalestream.images.sources import DRAWN, DRAWN_FOR_TRAINING, files_below
from scalestream.networks import planting
from scalestream.networks.architectures import SHIPPED, description, family, require_fit, source_file
from scalestream.networks.interface import TRAINED, planted_seed, random_seed
from scalestream.run import experiment, files, orphans, planning, run_progress

LIBRARY = library(WORKFLOW, WORKFLOW / "scripts")
FOLDER = Path(workflow.modifier.modify_path("results"))  # with a module's prefix before it
SUBCATEGORY = FOLDER.parent.name or None  # of the report, where this is one of several networks


if DeploymentMethod.APPTAINER in workflow.deployment_settings.deployment_method:  # as no path with a space is let through

    container: os.environ.get("SCALESTREAM_CONTAINER", str(WORKFLOW.parent / "envs" / "scalestream.sif"))


if not (workflow.subprocess_exec or workflow.output_settings.dryrun):
    orphans.end_with_this_process()


def tell_what_is_submitted():
    """At the end of a dry run for a cluster (which has default resources): the jobs that would go there, by rule."""
    if workflow.dag is None or workflow.resource_settings.default_resources is None:
        return
    rules = [job.rule for job in workflow.dag.needrun_jobs(exclude_finished=False)]
    counts = Counter(kind(rule.name) for rule in rules if not rule.norun and rule.name not in workflow._localrules)
    if rules:
        named = ", ".join(f"{name} {count}" for name, count in counts.most_common()) or "none"
        print(f"{counts.total()} of {len(rules)} jobs go to the cluster, the others run where snakemake runs: {named}")


if workflow.output_settings.dryrun and workflow.modifier.is_main_snakefile():
    atexit.register(tell_what_is_submitted)


def own_configuration():
    """The configuration that this workflow is given; as a module it has its own, laid over the default one."""
    return config if workflow.modifier.is_main_snakefile() else config_files.overlaid(config_files.read([]), config)


def read_or_exit(read, *arguments):
    """What a function gives, or its lines that say what is wrong, and the end of the run."""
    try:
        return read(*arguments)
    except InputError as error:
        sys.exit(str(error))


def require_experiment():
    """Ends with one line where the results are those of another experiment."""
    read_or_exit(experiment.require, CONFIG, FOLDER)


def require_weights(model):
    """Raises InputError unless a file's weights are those of the network, before a plan."""
    if workflow.is_main_process and Path(model["weights"]).is_file():
        require_fit(model["architecture"], model["weights"])


def begin(folder, configuration):
    """Notes in a folder of results what is run into it, and clears away what killed jobs have left there."""
    experiment.write(folder, configuration, workflow.rundir, workflow.non_local_exec)
    for partial_folder in folder.rglob(f".*{files.PARTIAL}"):
        shutil.rmtree(partial_folder, ignore_errors=True)


def code(script, *definitions):
    """A digest of all code that can change what a script makes: as a parameter, it has an edit of meaning rerun the rule,
    whereas Snakemake would judge the script by its time, and not know the library (rerun-triggers).

    definitions: what the script reads by name, as `module:name`. The code of the network itself counts where the script
    builds one.
    """
    roots = [script, *definitions]
    if "scalestream.networks.architectures:architecture" in LIBRARY.reached(roots):
        roots += map(family, ARCHITECTURES)
    return LIBRARY.digest(roots)


def show(table, category, schema):
    """Has a run make a table, and the report show it in a category."""
    TARGETS.append(f"results/{table}.parquet")
    SHOWN[table] = category, schema


def kind(name):
    """The name that a rule has in a run of one network."""
    return next((name.removeprefix(prefix) for prefix in PREFIXES if name.startswith(prefix)), name)


if workflow.is_main_process:
    planning.correct(workflow, workflow.modifier.rules, logger.warning, require_experiment)

PREFIXES = []  # of the names that the rules of several networks have
TARGETS = []  # files that a run makes
LAST = []  # files that it makes of all these
SHOWN = {}  # by table that the report shows: its category, and its schema
