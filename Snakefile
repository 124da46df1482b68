"""scalestream: which channels of a residual network are invariant to scale, and does its behaviour depend on them?"""

from snakemake.utils import min_version

min_version("9.27")


configfile: f"{workflow.basedir}/config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"


# On a cluster these run where snakemake runs: they take seconds, and fetching weights needs a network.
localrules:
    all,
    resolve_model,
    draw_demo_images,
    gather_visualizations,
    gather_criteria,
    select_channels,
    gather_candidates,
    gather_ablation,
    compute_ratios,
    summarize_objective,
    compose_grids,
    plot_figure1,
    plot_figure2,
    plot_grids,
    plot_passing,
    plot_criteria,
    plot_accuracy,
    plot_objective,
    summarize_stability,
    gather_doses,
    gather_variants,
    summarize_acceptance,
    compute_sensitivity,
    judge_natural_images,
    summarize_tuning,
    plot_stability,
    plot_sensitivity,
    plot_natural_images,
    plot_overlap,
    plot_tuning,
    plot_acceptance,
    plot_effects,
    plot_dose_response,
    build_atlas,
    compare_with_paper,
    gather_benchmarks,
    plot_benchmarks,
    tabulate,


FIGURES = ["figure1", "figure2", "figure3", "figure4", "passing", "criteria", "accuracy", "objective"]
TABLES = ["mean_activations", "top_images"]
SHOWN = {  # tables to read in the report, by its categories
    "criteria": "Criteria",
    "candidates": "Ablation",
    "ablation": "Ablation",
    "ratios": "Ablation",
    "paper_comparison": "Paper",
}
for wanted, figures, shown in [  # past the paper
    (len(SEEDS) > 1, ["stability"], {"stability": "Criteria"}),
    (any(STUDY["sensitivity"].values()), ["sensitivity"], {"sensitivity": "Criteria"}),
    (
        STUDY["natural_criteria"],
        ["natural_images", "overlap"],
        {"natural_criteria": "Criteria", "agreement": "Criteria", "overlap": "Visualization"},
    ),
    (STUDY["tuning"], ["tuning"], {"preference": "Visualization"}),
    (STUDY["controls"], ["acceptance"], {"acceptance": "Ablation"}),
    (STUDY["controls"] or STUDY["kinds"], [], {"variants": "Ablation"}),
    (STUDY["dose"]["points"], ["dose_response"], {"dose_response": "Ablation"}),
    (STUDY["resamples"], ["effects"], {"effects": "Ablation"}),
]:
    if wanted:
        FIGURES += figures
        SHOWN |= shown
RESULTS = [
    *expand("results/visualizations/{layer}.parquet", layer=LAYERS),
    *expand("results/criteria/{seed}/{block}.parquet", seed=SEEDS, block=BLOCKS),
    *expand("results/{table}.parquet", table=[*TABLES, *SHOWN]),
    *expand("results/figures/{figure}.pdf", figure=FIGURES),
    "results/atlas",
]
SHOWN |= {"benchmarks": "Run"}


rule all:
    input:
        results=RESULTS,
        tables=expand("results/tables/{table}.html", table=SHOWN),
        benchmarks="results/figures/benchmarks.pdf",


include: "workflow/rules/model.smk"
include: "workflow/rules/images.smk"
include: "workflow/rules/visualization.smk"
include: "workflow/rules/criteria.smk"
include: "workflow/rules/activations.smk"
include: "workflow/rules/ablation.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/study.smk"
include: "workflow/rules/atlas.smk"
include: "workflow/rules/report.smk"
