"""What does the network use of its stream? Inputs: model, images, activations at In. Output: results/lesions.parquet."""

LESIONED = [
    block.name for block in NETWORK.blocks if block.name in ABLATED and NETWORK.has_stream
]  # a pair has no sum of its own

if workflow.is_main_process and STUDY["lesions"] and not NETWORK.has_stream:
    warn(f"study.lesions: left out, as {ARCHITECTURE} has no stream to cut")


rule lesion:
    """Accuracies at every scale of the intact network, and with something else in the place of a block's In."""
    input:
        **MODEL,
        **IMAGES,
        activations=lambda wildcards: f"results/activations/{BLOCKS[wildcards.block].input}.parquet",
    output:
        "results/lesions/{block}.parquet",
    params:
        code=code("lesion"),
        settings=dependencies.lesions(CONFIG),
        batch_size=untracked("images.batch_size"),
    log:
        "logs/lesion/{block}.log",
    benchmark:
        "results/benchmarks/lesion/{block}.tsv"
    threads: 4
    conda:
        "../../../envs/scalestream.yaml"
    resources:
        gpu=gpus,
    script:
        "../../scripts/lesion.py"


rule gather_lesions:
    """All blocks in one table."""
    localrule: True
    input:
        tables=expand("results/lesions/{block}.parquet", block=LESIONED),
    output:
        "results/lesions.parquet",
    params:
        code=code("gather", "scalestream.study.tables:LESIONS"),
        settings={"schema": "scalestream.study.tables:LESIONS"},
    log:
        "logs/gather_lesions.log",
    benchmark:
        "results/benchmarks/gather_lesions.tsv"
    conda:
        "../../../envs/scalestream.yaml"
    script:
        "../../scripts/gather.py"


if LESIONED and STUDY["lesions"]:
    show("lesions", "Ablation", "scalestream.study.tables:LESIONS")
