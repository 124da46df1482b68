"""Is it the control, or the replacement? Inputs: screened draws. Outputs: results/variants.parquet, accuracies of other controls and
replacements, and results/acceptance.parquet."""

VARIANTS = [f"{control}/mean" for control in STUDY["controls"]]
VARIANTS += [f"random/{replacement}" for replacement in STUDY["replacements"]]


rule gather_variants:
    """Every accuracy of the other controls and replacements."""
    localrule: True
    input:
        tables=expand("results/ablation/{block}/{variant}/{trials}.parquet", block=ABLATED, variant=VARIANTS, trials=TRIALS),
    output:
        "results/variants.parquet",
    params:
        code=code("gather", "scalestream.ablation.tables:ABLATION"),
        settings={"schema": "scalestream.ablation.tables:ABLATION"},
    log:
        "logs/gather_variants.log",
    benchmark:
        "results/benchmarks/gather_variants.tsv"
    conda:
        "../../../envs/scalestream.yaml"
    script:
        "../../scripts/gather.py"


rule summarize_acceptance:
    """How many draws of each control harm enough."""
    localrule: True
    input:
        candidates="results/candidates.parquet",
    output:
        "results/acceptance.parquet",
    params:
        code=code("summarize_acceptance"),
    log:
        "logs/summarize_acceptance.log",
    benchmark:
        "results/benchmarks/summarize_acceptance.tsv"
    conda:
        "../../../envs/scalestream.yaml"
    script:
        "../../scripts/summarize_acceptance.py"


if ABLATED and STUDY["controls"]:
    show("acceptance", "Ablation", "scalestream.study.tables:ACCEPTANCE")
if ABLATED and VARIANTS:
    show("variants", "Ablation", "scalestream.ablation.tables:ABLATION")
