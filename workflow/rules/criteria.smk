"""Inputs: the model and the visualizations. Output: results/criteria.parquet, Eq. 1 and 2 for every channel."""


rule evaluate_criteria:
    """Judges every channel of every analysed block."""
    input:
        **MODEL,
        visualizations=expand("results/visualizations/{layer}.parquet", layer=LAYERS),
        library=library("evaluate_criteria.py"),
    output:
        report("results/criteria.parquet", category="Criteria", caption="../report/criteria.rst"),
    params:
        settings=settings("blocks", "criteria"),
    log:
        "logs/evaluate_criteria.log",
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/evaluate_criteria.py"
