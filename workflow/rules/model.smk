"""Inputs: weights, embedded or a file or fetched by torchvision. Outputs: weights and manifest in results/model/."""


rule resolve_model:
    """The network under study: its weights, and a manifest that says what it is."""
    localrule: True
    input:
        weights=weights_file(),
    output:
        **MODEL,
    params:
        code=code("resolve_model"),
        settings=settings("model.architecture", "model.weights"),
    log:
        "logs/resolve_model.log",
    benchmark:
        "results/benchmarks/resolve_model.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/resolve_model.py"
