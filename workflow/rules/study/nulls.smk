"""What would pass by chance? Inputs: criteria, visualizations, and networks with other weights. Output: results/nulls.parquet, how
many channels pass beside how many do by each null."""

CHANGED_IMAGES = sorted(set(STUDY["nulls"]) - set(OTHER_WEIGHTS))


rule judge_changed_images:
    """Eq. 1 for a block's channels by other changes of their images than magnification."""
    input:
        **MODEL,
        criteria=f"results/criteria/{FIRST_SEED}/{{block}}.parquet",
        x_in=lambda wildcards: visualization_chunks(BLOCKS[wildcards.block].input, FIRST_SEED),
    output:
        "results/nulls/{block}.parquet",
    params:
        code=code("judge_changed_images"),
        settings=settings("criteria.magnification", "criteria.center", *dependencies.NORMALIZATION) | {"nulls": CHANGED_IMAGES},
    log:
        "logs/judge_changed_images/{block}.log",
    benchmark:
        "results/benchmarks/judge_changed_images/{block}.tsv"
    conda:
        "../../../envs/scalestream.yaml"
    resources:
        gpu=gpus,
    script:
        "../../scripts/judge_changed_images.py"


rule gather_nulls:
    """How many channels pass, beside how many do by each null."""
    localrule: True
    input:
        criteria="results/criteria.parquet",
        null="results/null.parquet",
        changed=expand("results/nulls/{block}.parquet", block=BLOCKS) if CHANGED_IMAGES else [],
        networks=expand("results/networks/{network}/criteria.parquet", network=NULL_NETWORKS),
    output:
        "results/nulls.parquet",
    params:
        code=code("gather_nulls"),
        settings={"seed": FIRST_SEED, "networks": NULL_NETWORKS},
    log:
        "logs/gather_nulls.log",
    benchmark:
        "results/benchmarks/gather_nulls.tsv"
    conda:
        "../../../envs/scalestream.yaml"
    script:
        "../../scripts/gather_nulls.py"


if STUDY["nulls"]:
    show("nulls", "Criteria", "scalestream.study.tables:NULLS")
