"""Inputs: tables of the networks. Outputs: results/, with what is compared between them, a row a network, block or scale."""


rule compare_passing:
    """Passing channels of every block beside their null, with the block's place in its network."""
    localrule: True
    input:
        criteria=made_by(JUDGED, "results/criteria.parquet"),
        nulls=made_by(JUDGED, "results/null.parquet"),
        manifests=made_by(JUDGED, "results/model/manifest.json"),
    output:
        "results/passing.parquet",
    params:
        code=code("compare_passing"),
        settings=factors(JUDGED),
    log:
        "logs/compare_passing.log",
    benchmark:
        "results/benchmarks/compare_passing.tsv"
    conda:
        "../../../envs/scalestream.yaml"
    script:
        "../../scripts/compare_passing.py"


rule compare_lags:
    """By how much Pre lags behind In, in every block."""
    localrule: True
    input:
        lags=made_by(LAGGED, "results/lags.parquet"),
        manifests=made_by(LAGGED, "results/model/manifest.json"),
    output:
        "results/peak_lags.parquet",
    params:
        code=code("compare_lags"),
        settings=factors(LAGGED),
    log:
        "logs/compare_lags.log",
    benchmark:
        "results/benchmarks/compare_lags.tsv"
    conda:
        "../../../envs/scalestream.yaml"
    script:
        "../../scripts/compare_lags.py"


rule compare_ratios:
    """Eq. 3 by magnification, which networks have in common, and not by percent."""
    localrule: True
    input:
        ratios=made_by(ABLATED, "results/ratios.parquet"),
    output:
        "results/family_ratios.parquet",
    params:
        code=code("compare_ratios"),
        settings=factors(ABLATED) | {"views": [views(member) for member in ABLATED]},
    log:
        "logs/compare_ratios.log",
    benchmark:
        "results/benchmarks/compare_ratios.tsv"
    conda:
        "../../../envs/scalestream.yaml"
    script:
        "../../scripts/compare_ratios.py"


rule compare_robustness:
    """Accuracy against magnification, and relative to that at no scale."""
    localrule: True
    input:
        tables=made_by(MEASURED, "results/robustness.parquet"),
    output:
        "results/robustness.parquet",
    params:
        code=code("compare_robustness"),
        settings=factors(MEASURED),
    log:
        "logs/compare_robustness.log",
    benchmark:
        "results/benchmarks/compare_robustness.tsv"
    conda:
        "../../../envs/scalestream.yaml"
    script:
        "../../scripts/compare_robustness.py"


rule contrast_arms:
    """Each network of the list against the reference, seed by seed."""
    localrule: True
    input:
        tables=made_by(CONTRASTED, "results/robustness.parquet"),
    output:
        "results/contrasts.parquet",
    params:
        code=code("contrast_arms"),
        settings=factors(CONTRASTED) | {key: FAMILY[key] for key in ("reference", "resamples")},
    log:
        "logs/contrast_arms.log",
    benchmark:
        "results/benchmarks/contrast_arms.tsv"
    conda:
        "../../../envs/scalestream.yaml"
    script:
        "../../scripts/contrast_arms.py"


if JUDGED:
    show("passing", "Criteria", "scalestream.comparison.tables:PASSING_SHARES")
if LAGGED:
    show("peak_lags", "Measures", "scalestream.comparison.tables:PEAK_LAGS")
if ABLATED:
    show("family_ratios", "Ablation", "scalestream.comparison.tables:FAMILY_RATIOS")
if MEASURED:
    show("robustness", "Robustness", "scalestream.comparison.tables:FAMILY_ROBUSTNESS")
if CONTRASTED:
    show("contrasts", "Robustness", "scalestream.comparison.tables:CONTRASTS")
