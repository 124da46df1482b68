"""Inputs: the tables. Outputs: results/figures/, each figure from one table."""

STYLE = local(relpath(WORKFLOW / "scalestream" / "figures" / "print.mplstyle"))

for figure in PLOTTED.values():

    rule:
        """A figure, from the rows of one table."""
        name:
            f"plot_{figure.name}"
        localrule: True
        input:
            table=f"results/{figure.table}.parquet",
            selections=selections_of(figure),
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
