"""Inputs: the images that another run has listed and decoded (images.made_in). Outputs: results/images.parquet, and the list of
those left out, as they are there; the cache is read where it is."""

IMAGES = image_files(taken) | {"images": in_results("images.parquet")}


rule take_images:
    """The list of the images, copied."""
    localrule: True
    input:
        images=taken("images.parquet"),
        skipped=taken("skipped_images.txt"),
    output:
        images="results/images.parquet",
        skipped="results/skipped_images.txt",
    params:
        code=code("take_images"),
    log:
        "logs/take_images.log",
    benchmark:
        "results/benchmarks/take_images.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/take_images.py"
