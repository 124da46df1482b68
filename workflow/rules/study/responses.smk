"""Do the thresholds matter, do natural images say the same, and which scales do In, Pre and Post prefer? Inputs: model, criteria,
top images and visualizations. Outputs: results/responses/, to magnified images, and what is read off them."""

THRESHOLDS = dependencies.thresholds(CONFIG)
RESPONSES = expand("results/responses/{block}.parquet", block=BLOCKS)


rule measure_responses:
    """Responses of a block's In, Pre and Post to visualizations and top images, magnified."""
    input:
        **MODEL,
        top="results/top_images.parquet",
        x_in=lambda wildcards: f"results/visualizations/{BLOCKS[wildcards.block].input}.parquet",
        x_pre=lambda wildcards: f"results/visualizations/{BLOCKS[wildcards.block].pre}.parquet",
    output:
        "results/responses/{block}.parquet",
    params:
        code=code("measure_responses"),
        settings=settings("criteria.center", *dependencies.TRANSFORMED_IMAGES)
        | {"magnifications": dependencies.magnifications(CONFIG)},
    log:
        "logs/measure_responses/{block}.log",
    benchmark:
        "results/benchmarks/measure_responses/{block}.tsv"
    threads: 4
    conda:
        "../../../envs/scalestream.yaml"
    resources:
        gpu=gpus,
    script:
        "../../scripts/measure_responses.py"


rule compute_sensitivity:
    """How many channels pass as the thresholds change."""
    localrule: True
    input:
        criteria=expand("results/criteria/{seed}/{block}.parquet", seed=SEEDS, block=BLOCKS),
        responses=RESPONSES if THRESHOLDS["magnification"] else [],
    output:
        "results/sensitivity.parquet",
    params:
        code=code("compute_sensitivity"),
        settings=settings("criteria.tolerance") | {"values": THRESHOLDS},
    log:
        "logs/compute_sensitivity.log",
    benchmark:
        "results/benchmarks/compute_sensitivity.tsv"
    conda:
        "../../../envs/scalestream.yaml"
    script:
        "../../scripts/compute_sensitivity.py"


rule judge_natural_images:
    """Eq. 1 and 2 by top images, and the top images that layers have in common."""
    localrule: True
    input:
        criteria="results/criteria.parquet",
        top="results/top_images.parquet",
        responses=RESPONSES,
    output:
        criteria="results/natural_criteria.parquet",
        agreement="results/agreement.parquet",
        overlap="results/overlap.parquet",
    params:
        code=code("judge_natural_images"),
        settings=settings("criteria.tolerance", "criteria.magnification") | {"layers": LAYERS_BY_BLOCK},
    log:
        "logs/judge_natural_images.log",
    benchmark:
        "results/benchmarks/judge_natural_images.tsv"
    conda:
        "../../../envs/scalestream.yaml"
    script:
        "../../scripts/judge_natural_images.py"


rule summarize_tuning:
    """The scales that In, Pre and Post prefer."""
    localrule: True
    input:
        criteria="results/criteria.parquet",
        responses=RESPONSES,
    output:
        curves="results/tuning.parquet",
        peaks="results/peaks.parquet",
        preference="results/preference.parquet",
    params:
        code=code("summarize_tuning"),
        settings={"magnifications": sorted(STUDY["tuning"])},
    log:
        "logs/summarize_tuning.log",
    benchmark:
        "results/benchmarks/summarize_tuning.tsv"
    conda:
        "../../../envs/scalestream.yaml"
    script:
        "../../scripts/summarize_tuning.py"


if any(THRESHOLDS.values()):
    show("sensitivity", "Criteria", "scalestream.study.tables:SENSITIVITY")
if STUDY["natural_criteria"]:
    show("natural_criteria", "Criteria", "scalestream.study.tables:NATURAL_CRITERIA")
    show("agreement", "Criteria", "scalestream.study.tables:AGREEMENT")
    show("overlap", "Visualization", "scalestream.study.tables:OVERLAP")
if STUDY["tuning"]:
    show("preference", "Visualization", "scalestream.study.tables:PREFERENCE")
