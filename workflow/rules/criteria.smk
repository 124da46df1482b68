"""Inputs: the model and the visualizations. Outputs: results/criteria.parquet, Eq. 1 and 2 for every channel with the first
seed, and results/selection/, the channels to ablate."""


rule evaluate_criteria:
    """Judges every channel of a block by its visualizations at In and Pre, with one seed."""
    input:
        **MODEL,
        x_in=lambda wildcards: visualization_chunks(BLOCKS[wildcards.block].input, wildcards.seed),
        x_pre=lambda wildcards: visualization_chunks(BLOCKS[wildcards.block].pre, wildcards.seed),
    output:
        "results/criteria/{seed}/{block}.parquet",
    params:
        code=code("evaluate_criteria"),
        settings=settings("criteria.tolerance", "criteria.magnification", *dependencies.NORMALIZATION),
    log:
        "logs/evaluate_criteria/{seed}/{block}.log",
    benchmark:
        "results/benchmarks/evaluate_criteria/{seed}/{block}.tsv"
    conda:
        "../../envs/scalestream.yaml"
    resources:
        gpu=gpus,
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
        criteria=expand("results/criteria/{seed}/{{block}}.parquet", seed=seeds_to_ask(CONFIG["ablation"]["selection"], SEEDS)),
        verdicts="results/verdicts/{block}.parquet" if CONFIG["ablation"]["selection"] in MEASURES else [],
    output:
        "results/selection/{block}.parquet",
    params:
        code=code("select_channels"),
        settings=settings("ablation.selection"),
    log:
        "logs/select_channels/{block}.log",
    benchmark:
        "results/benchmarks/select_channels/{block}.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/select_channels.py"


TARGETS += expand("results/criteria/{seed}/{block}.parquet", seed=SEEDS, block=BLOCKS)
show("criteria", "Criteria", "scalestream.criteria.tables:CRITERIA")
