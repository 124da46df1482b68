"""Inputs: the model and the visualizations. Outputs: results/criteria.parquet, Eq. 1 and 2 for every channel with the first
seed, results/null.parquet, how many channels would pass by chance, and results/selection/, the channels to ablate."""


rule measure_responses_to_visualizations:
    """What all channels of a block answer to each channel's visualizations at In and Pre, with one seed."""
    input:
        **MODEL,
        x_in=lambda wildcards: visualization_chunks(BLOCKS[wildcards.block].input, wildcards.seed),
        x_pre=lambda wildcards: visualization_chunks(BLOCKS[wildcards.block].pre, wildcards.seed),
    output:
        "results/responses_to_visualizations/{seed}/{block}.parquet",
    params:
        code=code("measure_responses_to_visualizations"),
        settings=settings("criteria.magnification", "criteria.center", *dependencies.NORMALIZATION),
    log:
        "logs/measure_responses_to_visualizations/{seed}/{block}.log",
    benchmark:
        "results/benchmarks/measure_responses_to_visualizations/{seed}/{block}.tsv"
    conda:
        "../../envs/scalestream.yaml"
    resources:
        gpu=gpus,
    script:
        "../scripts/measure_responses_to_visualizations.py"


rule evaluate_criteria:
    """Judges every channel of a block by its visualizations at In and Pre, with one seed."""
    localrule: True
    input:
        responses="results/responses_to_visualizations/{seed}/{block}.parquet",
        x_in=lambda wildcards: visualization_chunks(BLOCKS[wildcards.block].input, wildcards.seed),
    output:
        "results/criteria/{seed}/{block}.parquet",
    params:
        code=code("evaluate_criteria"),
        settings=lambda wildcards: settings("criteria.tolerance") | padding(wildcards.block),
    log:
        "logs/evaluate_criteria/{seed}/{block}.log",
    benchmark:
        "results/benchmarks/evaluate_criteria/{seed}/{block}.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/evaluate_criteria.py"


rule gather_criteria:
    """All blocks in one table, with the first seed."""
    localrule: True
    input:
        tables=expand("results/criteria/{seed}/{block}.parquet", seed=FIRST_SEED, block=BLOCKS),
    output:
        "results/criteria.parquet",
    params:
        code=code("gather", "scalestream.criteria.tables:CRITERIA"),
        settings={"schema": "scalestream.criteria.tables:CRITERIA"},
    log:
        "logs/gather_criteria.log",
    benchmark:
        "results/benchmarks/gather_criteria.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/gather.py"


rule select_channels:
    """The channels of a block that are ablated."""
    localrule: True
    input:
        criteria=selecting_criteria,
        verdicts=selecting_verdicts,
    output:
        "results/selection/{block}.parquet",
    params:
        code=code("select_channels"),
        settings=lambda wildcards: dependencies.selection(CONFIG, wildcards.block),
    log:
        "logs/select_channels/{block}.log",
    benchmark:
        "results/benchmarks/select_channels/{block}.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/select_channels.py"


rule rewire:
    """How many channels of a block pass where branches are given to other channels at random, with one seed."""
    localrule: True
    input:
        responses="results/responses_to_visualizations/{seed}/{block}.parquet",
    output:
        "results/null/{seed}/{block}.parquet",
    params:
        code=code("rewire"),
        settings=lambda wildcards: settings("criteria.tolerance", "criteria.rewirings") | padding(wildcards.block),
    log:
        "logs/rewire/{seed}/{block}.log",
    benchmark:
        "results/benchmarks/rewire/{seed}/{block}.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/rewire.py"


rule gather_null:
    """All blocks and seeds in one table."""
    localrule: True
    input:
        tables=expand("results/null/{seed}/{block}.parquet", seed=SEEDS, block=BLOCKS),
    output:
        "results/null.parquet",
    params:
        code=code("gather", "scalestream.criteria.tables:NULL"),
        settings={"schema": "scalestream.criteria.tables:NULL"},
    log:
        "logs/gather_null.log",
    benchmark:
        "results/benchmarks/gather_null.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/gather.py"


TARGETS += expand("results/criteria/{seed}/{block}.parquet", seed=SEEDS, block=BLOCKS)
show("criteria", "Criteria", "scalestream.criteria.tables:CRITERIA")
show("null", "Criteria", "scalestream.criteria.tables:NULL")
