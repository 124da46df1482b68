"""Is Pre the feature of In at a larger scale, by what both answer to magnified images? Inputs: the model and the images. Outputs:
results/lags.parquet, by channel, and results/lag_profiles.parquet, by lag."""

LAGS = sorted(settings("measures.lags")["measures.lags"])


rule measure_lags:
    """Correlations of a block's In and Pre over all images, each at its own magnification."""
    input:
        **MODEL,
        **IMAGES,
    output:
        lags="results/lags/{block}.parquet",
        profiles="results/lag_profiles/{block}.parquet",
    params:
        code=code("measure_lags"),
        settings=settings(*dependencies.TRANSFORMED_IMAGES, "measures.resamples") | {"octaves": LAGS},
        batch_size=untracked("images.batch_size"),
    log:
        "logs/measure_lags/{block}.log",
    benchmark:
        "results/benchmarks/measure_lags/{block}.tsv"
    threads: 4
    conda:
        "../../envs/scalestream.yaml"
    resources:
        gpu=gpus,
    script:
        "../scripts/measure_lags.py"


rule gather_lags:
    """All blocks in one table."""
    localrule: True
    input:
        tables=expand("results/lags/{block}.parquet", block=BLOCKS),
    output:
        "results/lags.parquet",
    params:
        code=code("gather", "scalestream.measures.tables:LAGS"),
        settings={"schema": "scalestream.measures.tables:LAGS"},
    log:
        "logs/gather_lags.log",
    benchmark:
        "results/benchmarks/gather_lags.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/gather.py"


rule gather_lag_profiles:
    """All blocks in one table."""
    localrule: True
    input:
        tables=expand("results/lag_profiles/{block}.parquet", block=BLOCKS),
    output:
        "results/lag_profiles.parquet",
    params:
        code=code("gather", "scalestream.measures.tables:PROFILES"),
        settings={"schema": "scalestream.measures.tables:PROFILES"},
    log:
        "logs/gather_lag_profiles.log",
    benchmark:
        "results/benchmarks/gather_lag_profiles.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/gather.py"


if LAGS:
    show("lags", "Measures", "scalestream.measures.tables:LAGS")
    show("lag_profiles", "Measures", "scalestream.measures.tables:PROFILES")
