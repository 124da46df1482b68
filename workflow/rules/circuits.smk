"""Do the weights make Pre In's feature at a larger scale? Input: the model. Outputs: results/circuits.parquet, channel by channel,
results/circuit_profiles.parquet, by block and magnification, and results/kernels/, the gradients as pictures."""

WITH_CIRCUITS = list(BLOCKS) if CONFIG["measures"]["circuits"] else []
KERNELS = expand("results/kernels/{block}.parquet", block=WITH_CIRCUITS)


rule compute_circuits:
    """Gradients of In and Pre of every channel of a block, the latter pulled back through magnifications."""
    input:
        **MODEL,
    output:
        circuits="results/circuits/{block}.parquet",
        profiles="results/circuit_profiles/{block}.parquet",
        kernels="results/kernels/{block}.parquet",
    params:
        code=code("compute_circuits"),
        settings=dependencies.circuits(CONFIG),
    log:
        "logs/compute_circuits/{block}.log",
    benchmark:
        "results/benchmarks/compute_circuits/{block}.tsv"
    conda:
        "../../envs/scalestream.yaml"
    resources:
        gpu=gpus,
    script:
        "../scripts/compute_circuits.py"


rule gather_circuits:
    """All blocks in one table."""
    localrule: True
    input:
        tables=expand("results/circuits/{block}.parquet", block=WITH_CIRCUITS),
    output:
        "results/circuits.parquet",
    params:
        code=code("gather", "scalestream.measures.tables:CIRCUITS"),
        settings={"schema": "scalestream.measures.tables:CIRCUITS"},
    log:
        "logs/gather_circuits.log",
    benchmark:
        "results/benchmarks/gather_circuits.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/gather.py"


rule gather_circuit_profiles:
    """All blocks in one table."""
    localrule: True
    input:
        tables=expand("results/circuit_profiles/{block}.parquet", block=WITH_CIRCUITS),
    output:
        "results/circuit_profiles.parquet",
    params:
        code=code("gather", "scalestream.measures.tables:CIRCUIT_PROFILES"),
        settings={"schema": "scalestream.measures.tables:CIRCUIT_PROFILES"},
    log:
        "logs/gather_circuit_profiles.log",
    benchmark:
        "results/benchmarks/gather_circuit_profiles.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/gather.py"


if WITH_CIRCUITS:
    TARGETS += KERNELS
    show("circuits", "Measures", "scalestream.measures.tables:CIRCUITS")
    show("circuit_profiles", "Measures", "scalestream.measures.tables:CIRCUIT_PROFILES")
