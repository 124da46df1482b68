"""Inputs: model, images, selection and mean activations. Outputs: results/candidates.parquet, results/ablation.parquet and
results/ratios.parquet.

Trials go in ranges. A range screens its own draws, going on where the range before it stopped, so that more trials are
computed without touching those there are."""

EVALUATION = ["images.resize", "images.crop"]
DRAWN = {"resample": ["ablation.seed"]}  # settings of a kind of ablation that is random itself
EVALUATION_INPUT = dict(
    MODEL,
    **IMAGES,
    selection="results/selection/{block}.parquet",
    means="results/mean_activations.parquet",
)


rule ablate_no_scale:
    """Accuracies of the intact network and of the scale condition at no scale, which screening compares with."""
    input:
        **EVALUATION_INPUT,
    output:
        "results/ablation/{block}/no_scale.parquet",
    params:
        library=library("ablate_no_scale.py"),
        settings=settings(*EVALUATION),
        batch_size=untracked("images.batch_size"),
    log:
        "logs/ablate_no_scale/{block}.log",
    benchmark:
        "results/benchmarks/ablate_no_scale/{block}.tsv"
    threads: 4
    conda:
        "../../envs/scalestream.yaml"
    resources:
        gpu=gpus,
    script:
        "../scripts/ablate_no_scale.py"


rule screen_candidates:
    """Random draws of a control at no scale, in order, until a range of trials is found."""
    input:
        **EVALUATION_INPUT,
        no_scale="results/ablation/{block}/no_scale.parquet",
        previous=previous_screening,
    output:
        "results/ablation/{block}/{control}/screening/{first}-{stop}.parquet",
    params:
        library=library("screen_candidates.py"),
        settings=lambda wildcards: settings(*EVALUATION, "ablation.seed") | {"slack": slack(wildcards)},
        max_candidates=untracked("ablation.max_candidates"),
        batch_size=untracked("images.batch_size"),
    log:
        "logs/screen_candidates/{block}/{control}/{first}-{stop}.log",
    benchmark:
        "results/benchmarks/screen_candidates/{block}/{control}/{first}-{stop}.tsv"
    threads: 4
    conda:
        "../../envs/scalestream.yaml"
    resources:
        gpu=gpus,
    script:
        "../scripts/screen_candidates.py"


rule ablate:
    """Accuracies of a range of a control's trials at every scale, with one kind of ablation; the first range has the conditions
    that they are compared with, too."""
    input:
        **EVALUATION_INPUT,
        screening="results/ablation/{block}/{control}/screening/{first}-{stop}.parquet",
    output:
        "results/ablation/{block}/{control}/{kind}/{first}-{stop}.parquet",
    params:
        library=library("ablate.py"),
        settings=lambda wildcards: settings(*EVALUATION, "ablation.crop_convention", *DRAWN.get(wildcards.kind, []))
        | {"percents": percents()},
        batch_size=untracked("images.batch_size"),
    log:
        "logs/ablate/{block}/{control}/{kind}/{first}-{stop}.log",
    benchmark:
        "results/benchmarks/ablate/{block}/{control}/{kind}/{first}-{stop}.tsv"
    threads: 4
    conda:
        "../../envs/scalestream.yaml"
    resources:
        gpu=gpus,
    script:
        "../scripts/ablate.py"


rule gather_candidates:
    """Every draw of every block and control."""
    input:
        tables=expand(
            "results/ablation/{block}/{control}/screening/{trials}.parquet",
            block=ABLATED,
            control=["random", *STUDY["controls"]],
            trials=TRIALS,
        ),
    output:
        "results/candidates.parquet",
    params:
        library=library("gather.py"),
        settings={"schema": "CANDIDATES"},
    log:
        "logs/gather_candidates.log",
    benchmark:
        "results/benchmarks/gather_candidates.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/gather.py"


rule gather_ablation:
    """Every accuracy of every block, condition, trial and scale of the paper's experiment."""
    input:
        tables=expand(
            "results/ablation/{block}/{name}.parquet",
            block=ABLATED,
            name=["no_scale", *(f"random/mean/{trials}" for trials in TRIALS)],
        ),
    output:
        "results/ablation.parquet",
    params:
        library=library("gather.py"),
        settings={"schema": "ABLATION"},
    log:
        "logs/gather_ablation.log",
    benchmark:
        "results/benchmarks/gather_ablation.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/gather.py"


rule compute_ratios:
    """Eq. 3 for every block and scale."""
    input:
        ablation="results/ablation.parquet",
    output:
        "results/ratios.parquet",
    params:
        library=library("compute_ratios.py"),
    log:
        "logs/compute_ratios.log",
    benchmark:
        "results/benchmarks/compute_ratios.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/compute_ratios.py"
