"""Inputs: the tables. Outputs: results/paper_comparison.parquet, what each job took, and tables to read in the report."""

import yaml

PAPER = yaml.safe_load((WORKFLOW.parent / "config" / "paper.yaml").read_text())


rule compare_with_paper:
    """Every published number beside this run's."""
    input:
        images="results/images.parquet",
        criteria="results/criteria.parquet",
        ablation="results/ablation.parquet",
        ratios="results/ratios.parquet",
        published=relpath(WORKFLOW.parent / "resources" / "published.yaml"),
    output:
        "results/paper_comparison.parquet",
    params:
        library=library("compare_with_paper.py"),
        settings={"run": compared(CONFIG), "paper": compared(PAPER)},
    log:
        "logs/compare_with_paper.log",
    benchmark:
        "results/benchmarks/compare_with_paper.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/compare_with_paper.py"


rule gather_benchmarks:
    """What Snakemake measured of each job; last, when all else is done."""
    input:
        RESULTS,
    output:
        "results/benchmarks.parquet",
    params:
        library=library("gather_benchmarks.py"),
        settings={"folder": "results/benchmarks"},
    log:
        "logs/gather_benchmarks.log",
    benchmark:
        "results/benchmarks/gather_benchmarks.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/gather_benchmarks.py"


rule plot_benchmarks:
    """Where the time of the run went, by rule."""
    input:
        benchmarks="results/benchmarks.parquet",
        style=STYLE,
    output:
        **figure("benchmarks", category="Run", result="where the time went", blocks="all"),
    params:
        library=library("plot_benchmarks.py"),
    log:
        "logs/plot_benchmarks.log",
    benchmark:
        "results/benchmarks/plot_benchmarks.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/plot_benchmarks.py"


rule tabulate:
    """Tables as pages to read in the report."""
    input:
        tables=expand("results/{table}.parquet", table=SHOWN),
        template=relpath(WORKFLOW / "scalestream" / "templates" / "table.html"),
    output:
        [
            report(
                f"results/tables/{table}.html",
                category=category,
                caption=f"../report/tables/{table}.rst",
                labels={"result": f"table: {table.replace('_', ' ')}", "blocks": "all"},
            )
            for table, category in SHOWN.items()
        ],
    params:
        library=library("tabulate.py"),
        settings={"tables": list(SHOWN)},
    log:
        "logs/tabulate.log",
    benchmark:
        "results/benchmarks/tabulate.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/tabulate.py"
