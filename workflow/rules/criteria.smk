"""Inputs: the model and the visualizations. Output: results/criteria.parquet, Eq. 1 and 2 for every channel."""


rule evaluate_criteria:
    """Judges every channel of a block by its visualizations at In and Pre."""
    input:
        **MODEL,
        x_in=lambda wildcards: f"results/visualizations/{BLOCKS[wildcards.block].input}.parquet",
        x_pre=lambda wildcards: f"results/visualizations/{BLOCKS[wildcards.block].pre}.parquet",
    output:
        "results/criteria/{block}.parquet",
    params:
        library=library("evaluate_criteria.py"),
        settings=settings("criteria"),
    log:
        "logs/evaluate_criteria/{block}.log",
    benchmark:
        "results/benchmarks/evaluate_criteria/{block}.tsv"
    conda:
        "../../envs/scalestream.yaml"
    resources:
        gpu=gpus,
    script:
        "../scripts/evaluate_criteria.py"


rule gather_criteria:
    """All blocks in one table."""
    input:
        tables=expand("results/criteria/{block}.parquet", block=BLOCKS),
    output:
        "results/criteria.parquet",
    params:
        library=library("gather.py"),
        settings={"schema": "CRITERIA"},
    log:
        "logs/gather_criteria.log",
    benchmark:
        "results/benchmarks/gather_criteria.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/gather.py"
