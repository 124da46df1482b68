"""Past the paper (config/study.yaml). Inputs: criteria of all seeds, model, images, top images and screened draws. Outputs: how
stable verdicts are, other controls and kinds of ablation, doses, paired statistics, and the responses to magnified images."""

VARIANTS = [f"{control}/mean" for control in STUDY["controls"]] + [f"random/{kind}" for kind in STUDY["kinds"]]
THRESHOLDS = {name: STUDY["sensitivity"][f"{name}s"] for name in ("tolerance", "gain_margin", "magnification")}
MAGNIFICATIONS = sorted({
    1,
    settings("criteria")["criteria"]["magnification"],
    *with_papers("magnification", THRESHOLDS["magnification"]),
    *STUDY["tuning"],
})
RESPONSES = expand("results/responses/{block}.parquet", block=BLOCKS)


rule summarize_stability:
    """The share of seeds that each channel passes with."""
    input:
        criteria=expand("results/criteria/{seed}/{block}.parquet", seed=SEEDS, block=BLOCKS),
    output:
        "results/stability.parquet",
    params:
        library=library("summarize_stability.py"),
    log:
        "logs/summarize_stability.log",
    benchmark:
        "results/benchmarks/summarize_stability.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/summarize_stability.py"


rule ablate_doses:
    """Accuracies of a block with more and more channels ablated, at every scale."""
    input:
        **EVALUATION_INPUT,
    output:
        "results/ablation/{block}/doses.parquet",
    params:
        library=library("ablate_doses.py"),
        settings=settings(*EVALUATION, "ablation.crop_convention", "ablation.seed", "study.dose") | {"percents": percents()},
        batch_size=untracked("images.batch_size"),
    log:
        "logs/ablate_doses/{block}.log",
    benchmark:
        "results/benchmarks/ablate_doses/{block}.tsv"
    threads: 4
    conda:
        "../../envs/scalestream.yaml"
    resources:
        gpu=gpus,
    script:
        "../scripts/ablate_doses.py"


rule gather_doses:
    """All blocks in one table."""
    input:
        tables=expand("results/ablation/{block}/doses.parquet", block=ABLATED),
    output:
        "results/dose_response.parquet",
    params:
        library=library("gather.py"),
        settings={"schema": "DOSE_RESPONSE"},
    log:
        "logs/gather_doses.log",
    benchmark:
        "results/benchmarks/gather_doses.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/gather.py"


rule gather_variants:
    """Every accuracy of the other controls and kinds of ablation."""
    input:
        tables=expand("results/ablation/{block}/{variant}/{trials}.parquet", block=ABLATED, variant=VARIANTS, trials=TRIALS),
    output:
        "results/variants.parquet",
    params:
        library=library("gather.py"),
        settings={"schema": "ABLATION"},
    log:
        "logs/gather_variants.log",
    benchmark:
        "results/benchmarks/gather_variants.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/gather.py"


rule summarize_acceptance:
    """How many draws of each control harm enough."""
    input:
        candidates="results/candidates.parquet",
    output:
        "results/acceptance.parquet",
    params:
        library=library("summarize_acceptance.py"),
    log:
        "logs/summarize_acceptance.log",
    benchmark:
        "results/benchmarks/summarize_acceptance.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/summarize_acceptance.py"


rule compute_effects:
    """Whether ratios are lower at a scale than at no scale, by the correctness of single images."""
    input:
        ablation="results/ablation.parquet",
        variants="results/variants.parquet" if VARIANTS else [],
    output:
        "results/effects.parquet",
    params:
        library=library("compute_effects.py"),
        settings=settings("study.resamples", "ablation.seed"),
    log:
        "logs/compute_effects.log",
    benchmark:
        "results/benchmarks/compute_effects.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/compute_effects.py"


rule measure_responses:
    """Responses of a block's In, Pre and Post to visualizations and top images, magnified."""
    input:
        **MODEL,
        top="results/top_images.parquet",
        x_in=lambda wildcards: f"results/visualizations/{BLOCKS[wildcards.block].input}.parquet",
        x_pre=lambda wildcards: f"results/visualizations/{BLOCKS[wildcards.block].pre}.parquet",
    output:
        "results/responses/{block}.parquet",
    params:
        library=library("measure_responses.py"),
        settings=settings("images.resize", "images.crop") | {"magnifications": MAGNIFICATIONS},
    log:
        "logs/measure_responses/{block}.log",
    benchmark:
        "results/benchmarks/measure_responses/{block}.tsv"
    threads: 4
    conda:
        "../../envs/scalestream.yaml"
    resources:
        gpu=gpus,
    script:
        "../scripts/measure_responses.py"


rule compute_sensitivity:
    """How many channels pass as the thresholds change."""
    input:
        criteria=expand("results/criteria/{seed}/{block}.parquet", seed=SEEDS, block=BLOCKS),
        responses=RESPONSES if THRESHOLDS["magnification"] else [],
    output:
        "results/sensitivity.parquet",
    params:
        library=library("compute_sensitivity.py"),
        settings=settings("criteria.tolerance") | {"values": {name: sorted(values) for name, values in THRESHOLDS.items()}},
    log:
        "logs/compute_sensitivity.log",
    benchmark:
        "results/benchmarks/compute_sensitivity.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/compute_sensitivity.py"


rule judge_natural_images:
    """Eq. 1 and 2 by top images, and the top images that layers have in common."""
    input:
        criteria="results/criteria.parquet",
        top="results/top_images.parquet",
        responses=RESPONSES,
    output:
        criteria="results/natural_criteria.parquet",
        agreement="results/agreement.parquet",
        overlap="results/overlap.parquet",
    params:
        library=library("judge_natural_images.py"),
        settings=settings("criteria") | {"layers": {name: block.layers for name, block in BLOCKS.items()}},
    log:
        "logs/judge_natural_images.log",
    benchmark:
        "results/benchmarks/judge_natural_images.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/judge_natural_images.py"


rule summarize_tuning:
    """The scales that In, Pre and Post prefer."""
    input:
        criteria="results/criteria.parquet",
        responses=RESPONSES,
    output:
        curves="results/tuning.parquet",
        peaks="results/peaks.parquet",
        preference="results/preference.parquet",
    params:
        library=library("summarize_tuning.py"),
        settings={"magnifications": sorted(STUDY["tuning"])},
    log:
        "logs/summarize_tuning.log",
    benchmark:
        "results/benchmarks/summarize_tuning.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/summarize_tuning.py"


rule plot_stability:
    """How many seeds each channel passes with."""
    input:
        stability="results/stability.parquet",
        style=STYLE,
    output:
        **figure("stability", category="Criteria", result="stability over seeds", blocks="all"),
    params:
        library=library("plot_stability.py"),
    log:
        "logs/plot_stability.log",
    benchmark:
        "results/benchmarks/plot_stability.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/plot_stability.py"


rule plot_sensitivity:
    """How many channels pass as the thresholds change."""
    input:
        sensitivity="results/sensitivity.parquet",
        style=STYLE,
    output:
        **figure("sensitivity", category="Criteria", result="sensitivity to thresholds", blocks="all"),
    params:
        library=library("plot_sensitivity.py"),
    log:
        "logs/plot_sensitivity.log",
    benchmark:
        "results/benchmarks/plot_sensitivity.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/plot_sensitivity.py"


rule plot_natural_images:
    """Verdicts by visualizations against those by top images."""
    input:
        agreement="results/agreement.parquet",
        style=STYLE,
    output:
        **figure("natural_images", category="Criteria", result="verdicts by natural images", blocks="all"),
    params:
        library=library("plot_natural_images.py"),
    log:
        "logs/plot_natural_images.log",
    benchmark:
        "results/benchmarks/plot_natural_images.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/plot_natural_images.py"


rule plot_overlap:
    """Top images that layers have in common."""
    input:
        overlap="results/overlap.parquet",
        style=STYLE,
    output:
        **figure("overlap", category="Visualization", result="top images in common", blocks="all"),
    params:
        library=library("plot_overlap.py"),
    log:
        "logs/plot_overlap.log",
    benchmark:
        "results/benchmarks/plot_overlap.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/plot_overlap.py"


rule plot_tuning:
    """The scales that In, Pre and Post prefer."""
    input:
        preference="results/preference.parquet",
        style=STYLE,
    output:
        **figure("tuning", category="Visualization", result="scale tuning", blocks="all"),
    params:
        library=library("plot_tuning.py"),
    log:
        "logs/plot_tuning.log",
    benchmark:
        "results/benchmarks/plot_tuning.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/plot_tuning.py"


rule plot_acceptance:
    """How many draws of each control harm enough."""
    input:
        acceptance="results/acceptance.parquet",
        style=STYLE,
    output:
        **figure("acceptance", category="Ablation", result="acceptance of draws", blocks=", ".join(ABLATED)),
    params:
        library=library("plot_acceptance.py"),
    log:
        "logs/plot_acceptance.log",
    benchmark:
        "results/benchmarks/plot_acceptance.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/plot_acceptance.py"


rule plot_effects:
    """Ratios with both kinds of intervals, for every control and kind of ablation."""
    input:
        effects="results/effects.parquet",
        style=STYLE,
    output:
        **figure("effects", category="Ablation", result="paired statistics", blocks=", ".join(ABLATED)),
    params:
        library=library("plot_effects.py"),
    log:
        "logs/plot_effects.log",
    benchmark:
        "results/benchmarks/plot_effects.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/plot_effects.py"


rule plot_dose_response:
    """Accuracy against the number of ablated channels."""
    input:
        dose_response="results/dose_response.parquet",
        style=STYLE,
    output:
        **figure("dose_response", category="Ablation", result="dose and response", blocks=", ".join(ABLATED)),
    params:
        library=library("plot_dose_response.py"),
    log:
        "logs/plot_dose_response.log",
    benchmark:
        "results/benchmarks/plot_dose_response.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/plot_dose_response.py"
