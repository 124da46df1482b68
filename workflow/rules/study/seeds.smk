"""Would other visualizations give other channels? Inputs: criteria of all seeds. Output: results/stability.parquet."""


rule summarize_stability:
    """The share of seeds that each channel passes with."""
    localrule: True
    input:
        criteria=expand("results/criteria/{seed}/{block}.parquet", seed=SEEDS, block=BLOCKS),
    output:
        "results/stability.parquet",
    params:
        code=code("summarize_stability"),
    log:
        "logs/summarize_stability.log",
    benchmark:
        "results/benchmarks/summarize_stability.tsv"
    conda:
        "../../../envs/scalestream.yaml"
    script:
        "../../scripts/summarize_stability.py"


if len(SEEDS) > 1:
    show("stability", "Criteria", "scalestream.study.tables:STABILITY")
