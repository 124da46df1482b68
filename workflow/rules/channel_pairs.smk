"""Which channel of a later layer is a channel's feature at a larger scale? Inputs: the model and visualizations of the earlier layers.
Outputs: results/channel_pairs.parquet, a channel of an earlier layer and its match, results/channel_pair_counts.parquet, how many pairs
are more than chance, and results/channel_pair_pictures.parquet, the best of them."""

PAIR = "results/channel_pairs/{earlier}/{layer}"


rule measure_layer_pair:
    """What all channels of a layer answer to an earlier layer's visualizations, and to the same magnified."""
    input:
        **MODEL,
        visualizations=lambda wildcards: visualization_chunks(wildcards.earlier, FIRST_SEED),
    output:
        f"{PAIR}/responses.parquet",
    params:
        code=code("measure_layer_pair"),
        settings=dependencies.channel_pairs(CONFIG),
    log:
        "logs/measure_layer_pair/{earlier}/{layer}.log",
    benchmark:
        "results/benchmarks/measure_layer_pair/{earlier}/{layer}.tsv"
    conda:
        "../../envs/scalestream.yaml"
    resources:
        gpu=gpus,
    script:
        "../scripts/measure_layer_pair.py"


rule visualize_matches:
    """Center-neuron visualizations of the channels of a layer that are an earlier channel's match, where not all are made."""
    input:
        **MODEL,
        responses=f"{PAIR}/responses.parquet",
    output:
        f"{PAIR}/visualizations.parquet",
    params:
        code=code("visualize_matches"),
        settings=lambda wildcards: dependencies.optimization(CONFIG, [wildcards.layer], FIRST_SEED),
    log:
        "logs/visualize_matches/{earlier}/{layer}.log",
    benchmark:
        "results/benchmarks/visualize_matches/{earlier}/{layer}.tsv"
    conda:
        "../../envs/scalestream.yaml"
    resources:
        gpu=gpus,
    script:
        "../scripts/visualize_matches.py"


rule judge_layer_pair:
    """Whether the channels of a layer and their matches in a later one are more than chance, and pictures of the best."""
    input:
        **MODEL,
        responses=f"{PAIR}/responses.parquet",
        visualizations=lambda wildcards: visualization_chunks(wildcards.earlier, FIRST_SEED),
        matches=match_visualizations,
    output:
        pairs=f"{PAIR}/pairs.parquet",
        counts=f"{PAIR}/counts.parquet",
        pictures=f"{PAIR}/pictures.parquet",
    params:
        code=code("judge_layer_pair"),
        settings=dependencies.channel_pairs(CONFIG) | settings("criteria.rewirings"),
    log:
        "logs/judge_layer_pair/{earlier}/{layer}.log",
    benchmark:
        "results/benchmarks/judge_layer_pair/{earlier}/{layer}.tsv"
    conda:
        "../../envs/scalestream.yaml"
    resources:
        gpu=gpus,
    script:
        "../scripts/judge_layer_pair.py"


rule gather_channel_pairs:
    """All pairs of layers in one table."""
    localrule: True
    input:
        tables=[f"results/channel_pairs/{earlier}/{later}/pairs.parquet" for earlier, later in LAYER_PAIRS],
    output:
        "results/channel_pairs.parquet",
    params:
        code=code("gather", "scalestream.channel_pairs.tables:CHANNEL_PAIRS"),
        settings={"schema": "scalestream.channel_pairs.tables:CHANNEL_PAIRS"},
    log:
        "logs/gather_channel_pairs.log",
    benchmark:
        "results/benchmarks/gather_channel_pairs.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/gather.py"


rule gather_channel_pair_counts:
    """All pairs of layers in one table."""
    localrule: True
    input:
        tables=[f"results/channel_pairs/{earlier}/{later}/counts.parquet" for earlier, later in LAYER_PAIRS],
    output:
        "results/channel_pair_counts.parquet",
    params:
        code=code("gather", "scalestream.channel_pairs.tables:CHANNEL_PAIR_COUNTS"),
        settings={"schema": "scalestream.channel_pairs.tables:CHANNEL_PAIR_COUNTS"},
    log:
        "logs/gather_channel_pair_counts.log",
    benchmark:
        "results/benchmarks/gather_channel_pair_counts.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/gather.py"


rule gather_channel_pair_pictures:
    """All pairs of layers in one table."""
    localrule: True
    input:
        tables=[f"results/channel_pairs/{earlier}/{later}/pictures.parquet" for earlier, later in LAYER_PAIRS],
    output:
        "results/channel_pair_pictures.parquet",
    params:
        code=code("gather", "scalestream.channel_pairs.tables:CHANNEL_PAIR_PICTURES"),
        settings={"schema": "scalestream.channel_pairs.tables:CHANNEL_PAIR_PICTURES"},
    log:
        "logs/gather_channel_pair_pictures.log",
    benchmark:
        "results/benchmarks/gather_channel_pair_pictures.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/gather.py"


if LAYER_PAIRS:
    show("channel_pairs", "Channel pairs", "scalestream.channel_pairs.tables:CHANNEL_PAIRS")
    show("channel_pair_counts", "Channel pairs", "scalestream.channel_pairs.tables:CHANNEL_PAIR_COUNTS")
    TARGETS.append("results/channel_pair_pictures.parquet")
