"""Is the ratio lower at a scale than at no scale? Inputs: the accuracies. Output: results/effects.parquet."""


rule compute_effects:
    """Whether ratios are lower at a scale than at no scale, by the correctness of single images."""
    input:
        ablation="results/ablation.parquet",
        variants="results/variants.parquet" if VARIANTS else [],
    output:
        "results/effects.parquet",
    params:
        code=code("compute_effects"),
        settings=settings("study.resamples", "ablation.seed"),
    log:
        "logs/compute_effects.log",
    benchmark:
        "results/benchmarks/compute_effects.tsv"
    conda:
        "../../../envs/scalestream.yaml"
    script:
        "../../scripts/compute_effects.py"


if ABLATED and STUDY["resamples"]:
    show("effects", "Ablation", "scalestream.study.tables:EFFECTS")
