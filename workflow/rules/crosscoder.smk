"""Which features do In and Pre of a block hold together, at which sizes, channel or not? Inputs: the model and the images. Outputs:
results/crosscoder/, with latents.parquet, profiles.parquet, training.parquet and summary.parquet of all blocks, and of a planted
network recovery.parquet; in a folder for each block the same tables, the activations, and the crosscoders themselves."""

CROSSCODED = [name for name in BLOCKS if name in CONFIG["crosscoder"]["blocks"]]
CROSSCODERS = dependencies.crosscoder_runs(CONFIG)
MAIN = [run for run in CROSSCODERS if (run["width"], run["k"]) == (CROSSCODERS[0]["width"], CROSSCODERS[0]["k"])]
IS_PLANTED = planted_seed(CONFIG["model"]["weights"]) is not None and planting.BLOCK in CROSSCODED
OF_CROSSCODERS = ["latents", "profiles", "summary", *(["recovery"] if IS_PLANTED else [])]


rule sample_views:
    """Activations of a block's In and Pre on crops of all images, each at every magnification."""
    input:
        **MODEL,
        **IMAGES,
    output:
        "results/crosscoder/{block}/activations.npy",
    params:
        code=code("sample_views"),
        settings=dependencies.crosscoder_activations(CONFIG),
        batch_size=untracked("images.batch_size"),
    log:
        "logs/sample_views/{block}.log",
    benchmark:
        "results/benchmarks/sample_views/{block}.tsv"
    threads: 4
    conda:
        "../../envs/scalestream.yaml"
    resources:
        gpu=gpus,
    script:
        "../scripts/sample_views.py"


rule train_crosscoder:
    """A crosscoder of a block, and how its training went."""
    input:
        activations="results/crosscoder/{block}/activations.npy",
    output:
        crosscoder="results/crosscoder/{block}/{pairing}/{seed}/{width}-{k}.safetensors",
        training="results/crosscoder/{block}/{pairing}/{seed}/{width}-{k}.parquet",
    params:
        code=code("train_crosscoder"),
        settings=settings(
            "crosscoder.crops",
            "crosscoder.encoder",
            "crosscoder.steps",
            "crosscoder.batch_size",
            "crosscoder.learning_rate",
        ),
    log:
        "logs/train_crosscoder/{block}/{pairing}/{seed}/{width}-{k}.log",
    benchmark:
        "results/benchmarks/train_crosscoder/{block}/{pairing}/{seed}/{width}-{k}.tsv"
    threads: 1  # on a CPU more of them sum in another order, which makes other dictionaries
    conda:
        "../../envs/scalestream.yaml"
    resources:
        gpu=gpus,
    script:
        "../scripts/train_crosscoder.py"


rule analyze_crosscoder:
    """The latents of a block's main crosscoders, what they say of its channels, and a summary."""
    input:
        activations="results/crosscoder/{block}/activations.npy",
        crosscoders=[
            f"results/crosscoder/{{block}}/{run['pairing']}/{run['seed']}/{run['width']}-{run['k']}.safetensors"
            for run in MAIN
        ],
    output:
        latents="results/crosscoder/{block}/latents.parquet",
        profiles="results/crosscoder/{block}/profiles.parquet",
        summary="results/crosscoder/{block}/summary.parquet",
    params:
        code=code("analyze_crosscoder"),
        settings=settings("crosscoder.crops")
        | {"octaves": dependencies.crosscoder_activations(CONFIG)["octaves"], "runs": MAIN},
    log:
        "logs/analyze_crosscoder/{block}.log",
    benchmark:
        "results/benchmarks/analyze_crosscoder/{block}.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/analyze_crosscoder.py"


rule gather_training_of_crosscoders:
    """How all trainings of a block went, in one table."""
    localrule: True
    input:
        tables=[
            f"results/crosscoder/{{block}}/{run['pairing']}/{run['seed']}/{run['width']}-{run['k']}.parquet"
            for run in CROSSCODERS
        ],
    output:
        "results/crosscoder/{block}/training.parquet",
    params:
        code=code("gather", "scalestream.crosscoder.tables:TRAINING"),
        settings={"schema": "scalestream.crosscoder.tables:TRAINING"},
    log:
        "logs/gather_training_of_crosscoders/{block}.log",
    benchmark:
        "results/benchmarks/gather_training_of_crosscoders/{block}.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/gather.py"


rule gather_training_of_all_crosscoders:
    """All blocks in one table."""
    localrule: True
    input:
        tables=expand("results/crosscoder/{block}/training.parquet", block=CROSSCODED),
    output:
        "results/crosscoder/training.parquet",
    params:
        code=code("gather", "scalestream.crosscoder.tables:TRAINING"),
        settings={"schema": "scalestream.crosscoder.tables:TRAINING"},
    log:
        "logs/gather_training_of_all_crosscoders.log",
    benchmark:
        "results/benchmarks/gather_training_of_all_crosscoders.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/gather.py"


rule recover_by_crosscoder:
    """What latents, and channels by the correlogram, find of what is planted."""
    localrule: True
    input:
        manifest=MODEL["manifest"],
        latents="results/crosscoder/{block}/latents.parquet",
        channels="results/planted_channels.parquet",
        lags="results/lags/{block}.parquet" if LAGS else [],
    output:
        "results/crosscoder/{block}/recovery.parquet",
    params:
        code=code("recover_by_crosscoder"),
        settings=settings("model.planted", "model.weights", "crosscoder.seeds"),
    log:
        "logs/recover_by_crosscoder/{block}.log",
    benchmark:
        "results/benchmarks/recover_by_crosscoder/{block}.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/recover_by_crosscoder.py"


rule gather_crosscoders:
    """All blocks in one table."""
    localrule: True
    input:
        tables=lambda wildcards: expand(
            "results/crosscoder/{block}/{table}.parquet",
            table=wildcards.table,
            block=planting.BLOCK if wildcards.table == "recovery" else CROSSCODED,
        ),
    output:
        "results/crosscoder/{table}.parquet",
    params:
        code=lambda wildcards: code("gather", schema_of_crosscoders(wildcards.table)),
        settings=lambda wildcards: {"schema": schema_of_crosscoders(wildcards.table)},
    log:
        "logs/gather_crosscoders/{table}.log",
    benchmark:
        "results/benchmarks/gather_crosscoders/{table}.tsv"
    wildcard_constraints:
        table=one_of(OF_CROSSCODERS),
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/gather.py"


if CROSSCODED:
    show("crosscoder/training", "Crosscoder", "scalestream.crosscoder.tables:TRAINING")
    for of_crosscoders in OF_CROSSCODERS:
        show(f"crosscoder/{of_crosscoders}", "Crosscoder", schema_of_crosscoders(of_crosscoders))
