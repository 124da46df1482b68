"""Inputs: the tables. Outputs: results/paper_comparison.parquet, what each job took, and tables to read in the report."""

import yaml

PAPERS_NETWORK = description("resnet18")
PAPER = completion.complete(yaml.safe_load((WORKFLOW.parent / "config" / "paper.yaml").read_text()), PAPERS_NETWORK)


rule compare_with_paper:
    """Every published number beside this run's."""
    localrule: True
    input:
        manifest=MODEL["manifest"],
        images="results/images.parquet",
        criteria="results/criteria.parquet",
        null="results/null.parquet",
        ablation="results/ablation.parquet" if ABLATED else [],
        ratios="results/ratios.parquet" if ABLATED else [],
        published=local(relpath(WORKFLOW.parent / "resources" / "published.yaml")),
    output:
        "results/paper_comparison.parquet",
    params:
        code=code("compare_with_paper"),
        settings={
            "run": dependencies.comparison(CONFIG, NETWORK.blocks),
            "paper": dependencies.comparison(PAPER, PAPERS_NETWORK.blocks),
        },
    log:
        "logs/compare_with_paper.log",
    benchmark:
        "results/benchmarks/compare_with_paper.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/compare_with_paper.py"


show("paper_comparison", "Paper", "scalestream.report.tables:PAPER_COMPARISON")


rule gather_benchmarks:
    """What Snakemake measured of each job; last, when all else is done."""
    localrule: True
    input:
        TARGETS,
    output:
        "results/benchmarks.parquet",
    params:
        code=code("gather_benchmarks"),
        settings=lambda wildcards, output: {"folder": str(Path(output[0]).with_suffix(""))},
    log:
        "logs/gather_benchmarks.log",
    benchmark:
        "results/benchmarks/gather_benchmarks.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/gather_benchmarks.py"


SHOWN["benchmarks"] = "Run", "scalestream.report.tables:BENCHMARKS"


rule render_tables:
    """Tables as pages to read in the report."""
    localrule: True
    input:
        tables=expand("results/{table}.parquet", table=SHOWN),
        template=local(relpath(WORKFLOW / "scalestream" / "report" / "templates" / "table.html")),
    output:
        [
            report(
                f"results/tables/{table}.html",
                category=category,
                caption=f"../report/tables/{table}.rst",
                labels={"result": f"table: {table.replace('_', ' ')}", "blocks": "all"},
            )
            for table, (category, _) in SHOWN.items()
        ],
    params:
        code=code("render_tables", *(schema for _, schema in SHOWN.values())),
        settings={"schemas": {table: schema for table, (_, schema) in SHOWN.items()}},
    log:
        "logs/render_tables.log",
    benchmark:
        "results/benchmarks/render_tables.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/render_tables.py"
