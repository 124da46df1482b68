"""Inputs: weights, shipped or published or a file, and images for the statistics of random ones. Outputs: weights and manifest in
results/model/."""

RANDOM_WEIGHTS = random_seed(CONFIG["model"]["weights"]) is not None


rule resolve_model:
    """The network under study: its weights, and a manifest that says what it is."""
    localrule: not RANDOM_WEIGHTS
    input:
        **(IMAGES if RANDOM_WEIGHTS else {}),
        weights=weights_file(),
        network=network_file(),
    output:
        **MODEL,
    params:
        code=code("resolve_model"),
        settings=weights_settings(CONFIG["model"]["weights"]),
    log:
        "logs/resolve_model.log",
    benchmark:
        "results/benchmarks/resolve_model.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/resolve_model.py"


TARGETS += MODEL.values()
