"""Inputs: the tables. Outputs: results/paper_comparison.parquet, and what each job took."""

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


if BLOCKS:
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


LAST.append("results/figures/benchmarks.pdf")
SHOWN["benchmarks"] = "Run", "scalestream.report.tables:BENCHMARKS"
