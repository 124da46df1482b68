"""Inputs: the image source. Outputs: results/images.parquet, one row an image, and the list of images left out."""

DEMO_IMAGES = CONFIG["images"]["source"] == "demo"


rule draw_demo_images:
    """The embedded default's validation images."""
    input:
        library=library("draw_demo_images.py"),
    output:
        directory("results/demo_images"),
    params:
        settings=settings("images.demo", "images.resize"),
    log:
        "logs/draw_demo_images.log",
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/draw_demo_images.py"


rule list_images:
    """Finds, reads and hashes every image file once; a damaged one stops the run here."""
    input:
        folder="results/demo_images" if DEMO_IMAGES else [],
        library=library("list_images.py"),
    output:
        images="results/images.parquet",
        skipped=report("results/skipped_images.txt", category="Images", caption="../report/skipped_images.rst"),
    params:
        settings=lambda wildcards: settings("images.source", "images.root", "images.skip_unreadable")
        | {"folder": None if DEMO_IMAGES else folder_state(CONFIG["images"]["root"])},
    log:
        "logs/list_images.log",
    threads: 4
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/list_images.py"
