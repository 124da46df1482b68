"""Inputs: the model. Outputs: results/visualizations/, center-neuron visualizations of every channel by layer (of a layer that no
criterion reads, perhaps only of those that are shown), and results/whole_channel_visualizations/, whole-channel ones of the passing
channels by block."""

POSTS = dependencies.pictured_posts(BLOCKS.values()) if CONFIG["visualization"]["post"] == "passing" else {}


rule visualize:
    """Center-neuron visualizations of a range of a layer's channels, with one seed."""
    input:
        **MODEL,
    output:
        "results/visualizations/chunks/{seed}/{layer}/{first}-{stop}.parquet",
    params:
        code=code("visualize"),
        settings=lambda wildcards: dependencies.optimization(CONFIG, [wildcards.layer], wildcards.seed),
    log:
        "logs/visualize/{seed}/{layer}/{first}-{stop}.log",
    benchmark:
        "results/benchmarks/visualize/{seed}/{layer}/{first}-{stop}.tsv"
    conda:
        "../../envs/scalestream.yaml"
    resources:
        gpu=gpus,
    script:
        "../scripts/visualize.py"


rule gather_visualizations:
    """All channels of a layer in one table, with the first seed."""
    localrule: True
    input:
        tables=lambda wildcards: visualization_chunks(wildcards.layer, FIRST_SEED),
    output:
        "results/visualizations/{layer}.parquet",
    wildcard_constraints:
        layer=one_of([layer for layer in LAYERS if layer not in POSTS]),
    params:
        code=code("gather", "scalestream.visualization.tables:VISUALIZATIONS"),
        settings={"schema": "scalestream.visualization.tables:VISUALIZATIONS"},
    log:
        "logs/gather_visualizations/{layer}.log",
    benchmark:
        "results/benchmarks/gather_visualizations/{layer}.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/gather.py"


rule visualize_posts:
    """Center-neuron visualizations at a block's Post, of the passing channels and those that Figure 1 names; for the figures."""
    input:
        **MODEL,
        criteria=lambda wildcards: [f"results/criteria/{FIRST_SEED}/{block.name}.parquet" for block in POSTS[wildcards.layer]],
    output:
        "results/visualizations/{layer}.parquet",
    wildcard_constraints:
        layer=one_of(POSTS),
    params:
        code=code("visualize_posts"),
        settings=lambda wildcards: dependencies.posts(CONFIG, wildcards.layer, POSTS[wildcards.layer]),
    log:
        "logs/visualize_posts/{layer}.log",
    benchmark:
        "results/benchmarks/visualize_posts/{layer}.tsv"
    conda:
        "../../envs/scalestream.yaml"
    resources:
        gpu=gpus,
    script:
        "../scripts/visualize_posts.py"


rule visualize_whole_channels:
    """Whole-channel visualizations of a block's passing channels at In, Pre and Post; for the figures."""
    input:
        **MODEL,
        criteria=f"results/criteria/{FIRST_SEED}/{{block}}.parquet",
    output:
        "results/whole_channel_visualizations/{block}.parquet",
    params:
        code=code("visualize_whole_channels"),
        settings=lambda wildcards: dependencies.optimization(CONFIG, BLOCKS[wildcards.block].layers.values(), FIRST_SEED),
    log:
        "logs/visualize_whole_channels/{block}.log",
    benchmark:
        "results/benchmarks/visualize_whole_channels/{block}.tsv"
    conda:
        "../../envs/scalestream.yaml"
    resources:
        gpu=gpus,
    script:
        "../scripts/visualize_whole_channels.py"


rule summarize_objective:
    """The objective by step, as quartiles over the channels of each layer."""
    localrule: True
    input:
        visualizations=expand("results/visualizations/{layer}.parquet", layer=LAYERS),
    output:
        "results/objective.parquet",
    params:
        code=code("summarize_objective"),
        settings={"layers": LAYERS_BY_BLOCK},
    log:
        "logs/summarize_objective.log",
    benchmark:
        "results/benchmarks/summarize_objective.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/summarize_objective.py"


if BLOCKS:
    TARGETS += expand("results/visualizations/{layer}.parquet", layer=LAYERS)
    TARGETS.append("results/objective.parquet")
