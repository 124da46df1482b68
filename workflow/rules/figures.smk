"""Inputs: the tables. Outputs: results/figures/, each figure from one table, and what the pictures among them are made of."""

from scalestream.figures.catalogue import FIGURES

STYLE = local(relpath(WORKFLOW / "scalestream" / "figures" / "print.mplstyle"))


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

for figure in FIGURES.values():

    rule:
        """A figure, from the rows of one table."""
        name:
            f"plot_{figure.name}"
        localrule: True
        input:
            table=f"results/{figure.table}.parquet",
            style=STYLE,
        output:
            **figure_files(figure),
        params:
            code=code("plot", figure.schema, figure.draw),
            settings={"schema": figure.schema, "draw": figure.draw, "options": figure_options(figure)},
        log:
            f"logs/plot_{figure.name}.log",
        benchmark:
            f"results/benchmarks/plot_{figure.name}.tsv"
        conda:
            "../../envs/scalestream.yaml"
        script:
            "../scripts/plot.py"

    if f"results/{figure.table}.parquet" in TARGETS:
        TARGETS.append(f"results/figures/{figure.name}.pdf")
