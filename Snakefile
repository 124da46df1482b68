"""scalestream: which channels of a residual network are invariant to scale, and does its behaviour depend on them?"""

from pathlib import Path

from snakemake.utils import min_version

min_version("9.27")


configfile: str(Path(workflow.snakefile).with_name("config.yaml"))


include: "workflow/rules/shared.smk"


if members.has_members(config):

    report: "workflow/report/family.rst"

    include: "workflow/rules/family/common.smk"
    include: "workflow/rules/family/networks.smk"
    include: "workflow/rules/family/comparison.smk"
    include: "workflow/rules/plots.smk"
    include: "workflow/rules/family/atlas.smk"
    include: "workflow/rules/tables.smk"

else:
    if workflow.modifier.is_main_snakefile():  # as a module, this workflow is not what the report is about

        report: "workflow/report/workflow.rst"

    include: "workflow/numbers.smk"

    if BLOCKS:

        include: "workflow/rules/study/seeds.smk"
        include: "workflow/rules/networks.smk"
        include: "workflow/rules/planted.smk"
        include: "workflow/rules/study/nulls.smk"
        include: "workflow/rules/study/recovery.smk"
        include: "workflow/rules/study/responses.smk"
        include: "workflow/rules/study/time_steps.smk"
        include: "workflow/rules/study/controls.smk"
        include: "workflow/rules/study/dose.smk"
        include: "workflow/rules/study/lesions.smk"
        include: "workflow/rules/study/effects.smk"
        include: "workflow/rules/figures.smk"
        include: "workflow/rules/atlas.smk"
        include: "workflow/rules/latents.smk"
    include: "workflow/rules/channel_pairs.smk"
    include: "workflow/rules/plots.smk"
    include: "workflow/rules/first_look.smk"
    include: "workflow/rules/report.smk"
    include: "workflow/rules/tables.smk"


rule all:
    """All that the rule files name as targets, then the report's tables, and what comes last."""
    default_target: True
    localrule: True
    input:
        results=TARGETS,
        tables=expand("results/tables/{table}.html", table=SHOWN),
        last=LAST,


onstart:
    if planning.is_run(workflow):
        planning.let_rest(workflow)
        for folder, configuration in EXPERIMENTS.items():
            begin(folder, configuration)
        run_progress.follow(workflow, FOLDER, partial(logger.info, extra={"quietness": Quietness.PROGRESS}))
