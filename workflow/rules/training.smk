"""Weights that the run trains itself. Inputs: the training images, and the run's own to validate with. Outputs: the weights, and
results/training/epochs.parquet, how the training went."""

TRAINED_WEIGHTS = "results/training/weights.safetensors"


rule train:
    """The network's weights, and loss and accuracy by epoch."""
    input:
        **IMAGES,
        **{f"training_{name}": files for name, files in TRAINING_IMAGES.items()},
        network=network_file(),
    output:
        weights="results/training/weights.safetensors",
        epochs="results/training/epochs.parquet",
    params:
        code=code("train"),
        settings=settings("model.architecture", "model.stream")
        | dependencies.training(CONFIG)
        | {"description": NETWORK.digest},
        batch_size=untracked("images.batch_size"),
    log:
        "logs/train.log",
    benchmark:
        "results/benchmarks/train.tsv"
    threads: 1  # on a CPU more of them sum in another order, which makes other weights
    conda:
        "../../envs/scalestream.yaml"
    resources:
        gpu=gpus,
    script:
        "../scripts/train.py"


if CONFIG["model"]["weights"] == TRAINED:
    show("training/epochs", "Training", "scalestream.training.tables:EPOCHS")
