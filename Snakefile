"""scalestream: which channels of a residual network are invariant to scale, and does its behaviour depend on them?"""

from snakemake.utils import min_version

min_version("9.27")


configfile: f"{workflow.basedir}/config.yaml"


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
    plot_figure2,
    plot_grids,


rule all:
    input:
        visualizations=expand("results/visualizations/{layer}.parquet", layer=LAYERS),
        tables=expand(
            "results/{table}.parquet",
            table=["criteria", "mean_activations", "top_images", "candidates", "ablation", "ratios"],
        ),
        figures=["results/figures/figure2.png", "results/figures/figure2.pdf"],
        grids=expand("results/figures/grids/{block}", block=BLOCKS),


include: "workflow/rules/model.smk"
include: "workflow/rules/images.smk"
include: "workflow/rules/visualization.smk"
include: "workflow/rules/criteria.smk"
include: "workflow/rules/activations.smk"
include: "workflow/rules/ablation.smk"
include: "workflow/rules/figures.smk"
