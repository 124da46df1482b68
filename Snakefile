"""scalestream: which channels of a residual network are invariant to scale, and does its behaviour depend on them?"""

from pathlib import Path

from snakemake.utils import min_version

min_version("9.27")


configfile: str(Path(workflow.snakefile).with_name("config.yaml"))


if workflow.modifier.is_main_snakefile():  # as a module, this workflow is not what the report is about

    report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/images.smk"
include: "workflow/rules/model.smk"
include: "workflow/rules/visualization.smk"
include: "workflow/rules/criteria.smk"
include: "workflow/rules/activations.smk"
include: "workflow/rules/measures.smk"
include: "workflow/rules/circuits.smk"
include: "workflow/rules/verdicts.smk"
include: "workflow/rules/ablation.smk"
include: "workflow/rules/study/seeds.smk"
include: "workflow/rules/networks.smk"
include: "workflow/rules/planted.smk"
include: "workflow/rules/study/nulls.smk"
include: "workflow/rules/study/recovery.smk"
include: "workflow/rules/study/responses.smk"
include: "workflow/rules/study/controls.smk"
include: "workflow/rules/study/dose.smk"
include: "workflow/rules/study/effects.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/atlas.smk"
include: "workflow/rules/report.smk"


rule all:
    """All that the rule files name as targets, then the report's tables and where the time went."""
    default_target: True
    localrule: True
    input:
        results=TARGETS,
        tables=expand("results/tables/{table}.html", table=SHOWN),
        benchmarks="results/figures/benchmarks.pdf",


FOLDER = Path(rules.gather_benchmarks.output[0]).parent  # results, with a module's prefix before it

if workflow.is_main_process:
    for fault in tables.damaged(filter(ours, FOLDER.rglob("*.parquet"))):
        set_aside(fault)


onstart:
    for partial_folder in FOLDER.rglob(f".*{files.PARTIAL}"):  # of jobs that were killed
        shutil.rmtree(partial_folder, ignore_errors=True)
