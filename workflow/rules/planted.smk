"""The truth of a planted network: which channels are of which kind. Output: results/planted_channels.parquet, and
results/networks/{network}/planted_channels.parquet of others."""


rule list_planted_channels:
    """The kind and the feature of every channel of the block in which channels are planted."""
    localrule: True
    output:
        "results/planted_channels.parquet",
    params:
        code=code("list_planted_channels"),
        settings=settings("model.planted", "model.weights"),
    log:
        "logs/list_planted_channels.log",
    benchmark:
        "results/benchmarks/list_planted_channels.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/list_planted_channels.py"


use rule list_planted_channels as list_other_planted_channels with:
    output:
        "results/networks/{network}/planted_channels.parquet",
    params:
        code=code("list_planted_channels"),
        settings=lambda wildcards: settings("model.planted")
        | {"model.weights": wildcards.network.replace("planted-", "planted:")},
    log:
        "logs/list_planted_channels/{network}.log",
    benchmark:
        "results/benchmarks/list_planted_channels/{network}.tsv"


if planted_seed(CONFIG["model"]["weights"]) is not None:
    show("planted_channels", "Criteria", "scalestream.networks.tables:PLANTED_CHANNELS")
