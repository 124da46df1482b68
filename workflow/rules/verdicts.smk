"""Inputs: criteria, lags and circuits. Outputs: results/verdicts.parquet, every rule's verdict on every channel, and
results/rule_agreement.parquet."""

MEASURED = CONFIG["measures"]


rule apply_rules:
    """Which channels of a block are scale invariant by which rule: the paper's, with the first seed, and those of the measures."""
    localrule: True
    input:
        criteria=f"results/criteria/{FIRST_SEED}/{{block}}.parquet",
        lags="results/lags/{block}.parquet" if MEASURED["lags"] else [],
        circuits="results/circuits/{block}.parquet" if MEASURED["circuits"] else [],
    output:
        "results/verdicts/{block}.parquet",
    params:
        code=code("apply_rules"),
    log:
        "logs/apply_rules/{block}.log",
    benchmark:
        "results/benchmarks/apply_rules/{block}.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/apply_rules.py"


rule gather_verdicts:
    """All blocks in one table."""
    localrule: True
    input:
        tables=expand("results/verdicts/{block}.parquet", block=BLOCKS),
    output:
        "results/verdicts.parquet",
    params:
        code=code("gather", "scalestream.measures.tables:VERDICTS"),
        settings={"schema": "scalestream.measures.tables:VERDICTS"},
    log:
        "logs/gather_verdicts.log",
    benchmark:
        "results/benchmarks/gather_verdicts.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/gather.py"


rule compare_rules:
    """How far the rules agree."""
    localrule: True
    input:
        verdicts="results/verdicts.parquet",
    output:
        "results/rule_agreement.parquet",
    params:
        code=code("compare_rules"),
    log:
        "logs/compare_rules.log",
    benchmark:
        "results/benchmarks/compare_rules.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/compare_rules.py"


show("verdicts", "Criteria", "scalestream.measures.tables:VERDICTS")
show("rule_agreement", "Criteria", "scalestream.measures.tables:RULE_AGREEMENT")
