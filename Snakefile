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
    build_atlas,
    compare_with_paper,
    gather_benchmarks,
    plot_benchmarks,
    tabulate,


FIGURES = ["figure1", "figure2", "figure3", "figure4", "passing", "criteria", "accuracy", "objective"]
TABLES = ["criteria", "mean_activations", "top_images", "candidates", "ablation", "ratios", "paper_comparison"]
SHOWN = {  # tables to read in the report, by its categories
    "criteria": "Criteria",
    "candidates": "Ablation",
    "ablation": "Ablation",
    "ratios": "Ablation",
    "paper_comparison": "Paper",
    "benchmarks": "Run",
}
RESULTS = [
    *expand("results/visualizations/{layer}.parquet", layer=LAYERS),
    *expand("results/{table}.parquet", table=TABLES),
    *expand("results/figures/{figure}.pdf", figure=FIGURES),
    "results/atlas",
]


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
include: "workflow/rules/atlas.smk"
include: "workflow/rules/report.smk"
