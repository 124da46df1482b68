"""Inputs: the tables. Outputs: results/figures/, each figure from one table, and what the pictures among them are made of."""

STYLE = relpath(WORKFLOW / "scalestream" / "figures" / "print.mplstyle")
GRIDS = {  # Figures 3 and 4 share the blocks out as the paper does
    "figure3": [name for name in BLOCKS if name < "3"],
    "figure4": [name for name in BLOCKS if name >= "3"],
}
FIGURE1 = [name for name in BLOCKS if name in ABLATED or name in CONFIG["figures"]["figure1"]]


rule draw_thumbnails:
    """Small pictures of every channel: its visualization, and its top images."""
    input:
        top="results/top_images.parquet",
        visualizations=expand("results/visualizations/{layer}.parquet", layer=LAYERS),
    output:
        "results/thumbnails.parquet",
    params:
        library=library("draw_thumbnails.py"),
        settings=settings("images.resize", "images.crop"),
    log:
        "logs/draw_thumbnails.log",
    benchmark:
        "results/benchmarks/draw_thumbnails.tsv"
    threads: 4
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/draw_thumbnails.py"


rule compose_grids:
    """All pictures of the channels that Figures 1, 3 and 4 show."""
    input:
        criteria="results/criteria.parquet",
        thumbnails="results/thumbnails.parquet",
        visualizations=expand("results/visualizations/{layer}.parquet", layer=LAYERS),
        whole_channel=expand("results/whole_channel_visualizations/{block}.parquet", block=BLOCKS),
    output:
        "results/grids.parquet",
    params:
        library=library("compose_grids.py"),
        settings=settings("figures.figure1")
        | {"figure1_blocks": FIGURE1,
           "layers": {name: block.layers for name, block in BLOCKS.items()}},
    log:
        "logs/compose_grids.log",
    benchmark:
        "results/benchmarks/compose_grids.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/compose_grids.py"


rule plot_figure1:
    """Figure 1: the grids of chosen channels of several blocks on one sheet."""
    input:
        grids="results/grids.parquet",
        style=STYLE,
    output:
        png=with_natural_images(
            "results/figures/figure1.png",
            category="Visualization",
            caption="../report/figure1.rst",
            labels={"result": "Figure 1: chosen channels", "blocks": ", ".join(FIGURE1)},
        ),
        pdf="results/figures/figure1.pdf",
    params:
        library=library("plot_figure1.py"),
    log:
        "logs/plot_figure1.log",
    benchmark:
        "results/benchmarks/plot_figure1.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/plot_figure1.py"


rule plot_grids:
    """Figures 3 and 4: the grids of all passing channels, page by page."""
    input:
        grids="results/grids.parquet",
        style=STYLE,
    output:
        pdf="results/figures/{figure}.pdf",
        pages=with_natural_images(
            directory("results/figures/{figure}"),
            patterns=["{page}.png"],
            category="Visualization",
            caption="../report/grids.rst",
            labels=lambda wildcards: {"result": f"Figure {wildcards.figure[-1]}: passing channels, page {wildcards.page}",
                                      "blocks": ", ".join(GRIDS[wildcards.figure]) or "none"},
        ),
    wildcard_constraints:
        figure="|".join(GRIDS),
    params:
        library=library("plot_grids.py"),
        settings=lambda wildcards: {"blocks": GRIDS[wildcards.figure]},
    log:
        "logs/plot_grids/{figure}.log",
    benchmark:
        "results/benchmarks/plot_grids/{figure}.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/plot_grids.py"


rule plot_figure2:
    """Bars of the ratios by scale, with the no-scale ratio as a line."""
    input:
        ratios="results/ratios.parquet",
        style=STYLE,
    output:
        **figure("figure2", category="Ablation", result="Figure 2: accuracy ratios", blocks=", ".join(ABLATED)),
    params:
        library=library("plot_figure2.py"),
    log:
        "logs/plot_figure2.log",
    benchmark:
        "results/benchmarks/plot_figure2.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/plot_figure2.py"


rule plot_accuracy:
    """Top-1 accuracy against scale: intact, scale-ablated, and every random trial."""
    input:
        ablation="results/ablation.parquet",
        style=STYLE,
    output:
        **figure("accuracy", category="Ablation", result="accuracy against scale", blocks=", ".join(ABLATED)),
    params:
        library=library("plot_accuracy.py"),
    log:
        "logs/plot_accuracy.log",
    benchmark:
        "results/benchmarks/plot_accuracy.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/plot_accuracy.py"


rule plot_passing:
    """How many channels of each block meet Eq. 1, Eq. 2 and both."""
    input:
        criteria="results/criteria.parquet",
        style=STYLE,
    output:
        **figure("passing", category="Criteria", result="channels that pass", blocks="all"),
    params:
        library=library("plot_passing.py"),
    log:
        "logs/plot_passing.log",
    benchmark:
        "results/benchmarks/plot_passing.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/plot_passing.py"


rule plot_criteria:
    """Every channel by the two criteria, with the passing region."""
    input:
        criteria="results/criteria.parquet",
        style=STYLE,
    output:
        **figure("criteria", category="Criteria", result="both criteria, channel by channel", blocks="all"),
    params:
        library=library("plot_criteria.py"),
        settings=settings("criteria.tolerance"),
    log:
        "logs/plot_criteria.log",
    benchmark:
        "results/benchmarks/plot_criteria.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/plot_criteria.py"


rule plot_objective:
    """How the objective rose over the steps of the visualizations."""
    input:
        objective="results/objective.parquet",
        style=STYLE,
    output:
        **figure("objective", category="Visualization", result="objective by step", blocks="all"),
    params:
        library=library("plot_objective.py"),
    log:
        "logs/plot_objective.log",
    benchmark:
        "results/benchmarks/plot_objective.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/plot_objective.py"
