"""Inputs: the images that another run has listed and decoded (images.made_in). Outputs: results/images.parquet, and the list of
those left out, as they are there; the cache is read where it is."""

MADE_IN = Path(CONFIG["images"]["made_in"], "results")
FILES = {"folder": local(f"{MADE_IN}/demo_images")} if WRITE_IMAGES else {}
IMAGES = FILES | {
    "images": "results/images.parquet",
    "cache": [local(f"{MADE_IN}/image_cache/{shard}-of-{SHARDS}.arrow") for shard in range(SHARDS)],
}


rule take_images:
    """The list of the images, copied."""
    localrule: True
    input:
        images=local(f"{MADE_IN}/images.parquet"),
        skipped=local(f"{MADE_IN}/skipped_images.txt"),
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
