"""Inputs: the image source. Outputs: results/images.parquet, one row an image, the list of images left out, and
results/image_cache/, every image decoded and resized once."""

IMAGES = image_files(in_results)


rule draw_demo_images:
    """The images of a source that the project draws itself."""
    localrule: True
    output:
        directory("results/demo_images"),
    params:
        code=code("draw_demo_images", *([WRITE_IMAGES] if WRITE_IMAGES else [])),
        settings=settings("images.demo", "images.resize") | {"write_images": WRITE_IMAGES},
    log:
        "logs/draw_demo_images.log",
    benchmark:
        "results/benchmarks/draw_demo_images.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/draw_demo_images.py"


rule list_images:
    """Finds, reads and hashes every image file once; a damaged one stops the run here."""
    input:
        **drawn_folder(in_results),
    output:
        images="results/images.parquet",
        skipped=report(
            "results/skipped_images.txt", category="Images", subcategory=SUBCATEGORY, caption="../report/skipped_images.rst"
        ),
    params:
        code=code("list_images"),
        settings=lambda wildcards: settings("images.source", "images.skip_unreadable")
        | ({} if WRITE_IMAGES else settings("images.root") | {"folder": folder_state(CONFIG["images"]["root"])}),
    log:
        "logs/list_images.log",
    benchmark:
        "results/benchmarks/list_images.tsv"
    threads: 4
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/list_images.py"


rule cache_images:
    """A part of the images, decoded and resized, or only listed where there is to be no cache."""
    input:
        **drawn_folder(in_results),
        images="results/images.parquet",
    output:
        "results/image_cache/{shard}-of-{shards}.arrow",
    params:
        code=code("cache_images"),
        settings=settings(*dependencies.RESIZED_IMAGES),
        keep_pixels=untracked("images.cache"),
    log:
        "logs/cache_images/{shard}-of-{shards}.log",
    benchmark:
        "results/benchmarks/cache_images/{shard}-of-{shards}.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/cache_images.py"


TARGETS.append("results/images.parquet")
