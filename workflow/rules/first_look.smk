"""A few named channels, to look at before a long run: `snakemake first_look`. Input: the model. Output: results/first_look/, which no
other rule reads."""


use rule visualize as visualize_first_look with:
    output:
        "results/first_look/{seed}/{layer}/{first}-{stop}.parquet",
    log:
        "logs/visualize_first_look/{seed}/{layer}/{first}-{stop}.log",
    benchmark:
        "results/first_look/benchmarks/{seed}/{layer}/{first}-{stop}.tsv"


rule plot_first_look:
    """The named channels of blocks at In, Pre and Post, and those of layers."""
    localrule: True
    input:
        table=first_look_files,
        selections=[],
        style=STYLE,
    output:
        png="results/first_look/first_look.png",
        pdf="results/first_look/first_look.pdf",
    params:
        code=code("plot", "scalestream.visualization.tables:VISUALIZATIONS", "scalestream.figures.first_look:first_look"),
        settings={
            "schema": "scalestream.visualization.tables:VISUALIZATIONS",
            "draw": "scalestream.figures.first_look:first_look",
            "options": {"shown": dependencies.first_look(CONFIG, BLOCKS.values())},
        },
    log:
        "logs/plot_first_look.log",
    benchmark:
        "results/first_look/benchmarks/plot_first_look.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/plot.py"


rule first_look:
    """The target."""
    localrule: True
    input:
        rules.plot_first_look.output,
