"""Inputs: the model and the image manifest. Outputs: center activations by layer, their means and the top images."""


rule extract_activations:
    """Center activations of every image in every analysed layer, in one pass; early, as it checks the images."""
    priority: 1
    input:
        **MODEL,
        **IMAGES,
    output:
        expand("results/activations/{layer}.parquet", layer=EXTRACTED),
    params:
        code=code("extract_activations"),
        settings=settings(*dependencies.TRANSFORMED_IMAGES) | {"layers": list(EXTRACTED)},
        batch_size=untracked("images.batch_size"),
    log:
        "logs/extract_activations.log",
    benchmark:
        "results/benchmarks/extract_activations.tsv"
    threads: 4
    conda:
        "../../envs/scalestream.yaml"
    resources:
        gpu=gpus,
    script:
        "../scripts/extract_activations.py"


rule summarize_activations:
    """Mean activations of what ablations overwrite, and the top nine images of every channel."""
    input:
        activations=expand("results/activations/{layer}.parquet", layer=EXTRACTED),
    output:
        means="results/mean_activations.parquet",
        top="results/top_images.parquet",
    params:
        code=code("summarize_activations"),
        settings={"layers": EXTRACTED, "averaged": list(STREAMS)},
    log:
        "logs/summarize_activations.log",
    benchmark:
        "results/benchmarks/summarize_activations.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/summarize_activations.py"


TARGETS += ["results/mean_activations.parquet", "results/top_images.parquet"]
