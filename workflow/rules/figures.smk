"""Inputs: criteria, visualizations and top images. Output: results/grids.parquet, of which figures with pictures are made."""


rule draw_thumbnails:
    """Small pictures of every channel: its visualization, if there is one, and its top images."""
    input:
        top="results/top_images.parquet",
        visualizations=expand("results/visualizations/{layer}.parquet", layer=LAYERS),
    output:
        "results/thumbnails.parquet",
    params:
        code=code("draw_thumbnails"),
        settings=settings(*dependencies.VIEWED_IMAGES) | {"layers": LAYERS},
    log:
        "logs/draw_thumbnails.log",
    benchmark:
        "results/benchmarks/draw_thumbnails.tsv"
    threads: 4
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/draw_thumbnails.py"


rule compose_grids:
    """All pictures of the channels that Figures 1, 3 and 4 show."""
    localrule: True
    input:
        criteria="results/criteria.parquet",
        thumbnails="results/thumbnails.parquet",
        visualizations=expand("results/visualizations/{layer}.parquet", layer=LAYERS),
        whole_channel=expand("results/whole_channel_visualizations/{block}.parquet", block=BLOCKS),
    output:
        "results/grids.parquet",
    params:
        code=code("compose_grids"),
        settings=settings("figures.figure1") | {"figure1_blocks": figure_blocks(FIGURES["figure1"]), "layers": LAYERS_BY_BLOCK},
    log:
        "logs/compose_grids.log",
    benchmark:
        "results/benchmarks/compose_grids.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/compose_grids.py"


TARGETS.append("results/grids.parquet")
