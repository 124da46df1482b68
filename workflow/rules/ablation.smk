"""Inputs: model, images, selection and mean activations. Outputs: results/candidates.parquet, results/ablation.parquet and
results/ratios.parquet.

Trials go in ranges. A range screens its own draws, going on where the range before it stopped, so that more trials are
computed without touching those there are."""

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
        code=code("ablate_no_scale"),
        settings=settings(*dependencies.TRANSFORMED_IMAGES),
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
    """Random draws of a control at no scale, in order, until a range of trials is complete."""
    input:
        **EVALUATION_INPUT,
        no_scale="results/ablation/{block}/no_scale.parquet",
        previous=previous_screening,
    output:
        "results/ablation/{block}/{control}/screening/{first}-{stop}.parquet",
    params:
        code=code("screen_candidates"),
        settings=lambda wildcards: dependencies.screening(CONFIG, wildcards.block, wildcards.control),
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
    """Accuracies of a range of a control's trials at every scale, with one replacement; the first range has the conditions that
    they are compared with, too."""
    input:
        **EVALUATION_INPUT,
        screening="results/ablation/{block}/{control}/screening/{first}-{stop}.parquet",
    output:
        "results/ablation/{block}/{control}/{replacement}/{first}-{stop}.parquet",
    params:
        code=code("ablate"),
        settings=lambda wildcards: dependencies.ablation(CONFIG, wildcards.replacement),
        batch_size=untracked("images.batch_size"),
    log:
        "logs/ablate/{block}/{control}/{replacement}/{first}-{stop}.log",
    benchmark:
        "results/benchmarks/ablate/{block}/{control}/{replacement}/{first}-{stop}.tsv"
    threads: 4
    conda:
        "../../envs/scalestream.yaml"
    resources:
        gpu=gpus,
    script:
        "../scripts/ablate.py"


rule gather_candidates:
    """Every draw of every block and control."""
    localrule: True
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
        code=code("gather", "scalestream.ablation.tables:CANDIDATES"),
        settings={"schema": "scalestream.ablation.tables:CANDIDATES"},
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
    localrule: True
    input:
        tables=expand(
            "results/ablation/{block}/{name}.parquet",
            block=ABLATED,
            name=["no_scale", *(f"random/mean/{trials}" for trials in TRIALS)],
        ),
    output:
        "results/ablation.parquet",
    params:
        code=code("gather", "scalestream.ablation.tables:ABLATION"),
        settings={"schema": "scalestream.ablation.tables:ABLATION"},
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
    localrule: True
    input:
        ablation="results/ablation.parquet",
    output:
        "results/ratios.parquet",
    params:
        code=code("compute_ratios"),
    log:
        "logs/compute_ratios.log",
    benchmark:
        "results/benchmarks/compute_ratios.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/compute_ratios.py"


if ABLATED:
    show("candidates", "Ablation", "scalestream.ablation.tables:CANDIDATES")
    show("ablation", "Ablation", "scalestream.ablation.tables:ABLATION")
    show("ratios", "Ablation", "scalestream.ablation.tables:RATIOS")
