"""Do more channels do more? Inputs: as for the ablation. Output: results/dose_response.parquet."""


rule ablate_doses:
    """Accuracies of a block with more and more channels ablated, at every scale."""
    input:
        **EVALUATION_INPUT,
    output:
        "results/ablation/{block}/doses.parquet",
    params:
        code=code("ablate_doses"),
        settings=dependencies.doses(CONFIG),
        batch_size=untracked("images.batch_size"),
    log:
        "logs/ablate_doses/{block}.log",
    benchmark:
        "results/benchmarks/ablate_doses/{block}.tsv"
    threads: 4
    conda:
        "../../../envs/scalestream.yaml"
    resources:
        gpu=gpus,
    script:
        "../../scripts/ablate_doses.py"


rule gather_doses:
    """All blocks in one table."""
    localrule: True
    input:
        tables=expand("results/ablation/{block}/doses.parquet", block=ABLATED),
    output:
        "results/dose_response.parquet",
    params:
        code=code("gather", "scalestream.study.tables:DOSE_RESPONSE"),
        settings={"schema": "scalestream.study.tables:DOSE_RESPONSE"},
    log:
        "logs/gather_doses.log",
    benchmark:
        "results/benchmarks/gather_doses.tsv"
    conda:
        "../../../envs/scalestream.yaml"
    script:
        "../../scripts/gather.py"


if ABLATED and STUDY["dose"]["points"]:
    show("dose_response", "Ablation", "scalestream.study.tables:DOSE_RESPONSE")
