"""Inputs: the tables. Outputs: results/ratios.parquet, Figure 2, and the grids of Figures 1, 3 and 4."""


rule compute_ratios:
    """Eq. 3 for every block and scale."""
    input:
        ablation="results/ablation.parquet",
    output:
        "results/ratios.parquet",
    params:
        library=library("compute_ratios.py"),
    log:
        "logs/compute_ratios.log",
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/compute_ratios.py"


rule plot_figure2:
    """Bars of the ratios by scale, with the no-scale ratio as a line."""
    input:
        ratios="results/ratios.parquet",
    output:
        png=report("results/figures/figure2.png", category="Figures", caption="../report/figure2.rst"),
        pdf="results/figures/figure2.pdf",
    params:
        library=library("plot_figure2.py"),
    log:
        "logs/plot_figure2.log",
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/plot_figure2.py"


rule plot_grids:
    """A 3 x 3 grid for every passing channel of a block."""
    input:
        criteria="results/criteria/{block}.parquet",
        top="results/top_images.parquet",
        visualizations=lambda wildcards: expand(
            "results/visualizations/{layer}.parquet", layer=BLOCKS[wildcards.block].layers.values()
        ),
        whole_channel="results/whole_channel_visualizations/{block}.parquet",
    output:
        report(
            directory("results/figures/grids/{block}"),
            patterns=["{channel}.png"],
            category="Grids",
            subcategory="block {block}",
            caption="../report/grid.rst",
        ),
    params:
        library=library("plot_grids.py"),
        settings=lambda wildcards: settings("images.resize", "images.crop") | BLOCKS[wildcards.block].layers,
    log:
        "logs/plot_grids/{block}.log",
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/plot_grids.py"
