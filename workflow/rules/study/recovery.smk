"""What does each rule find of what is planted? Inputs: verdicts on planted networks, and their truth. Output:
results/recovery.parquet."""

PLANTED_PREFIXES = ["results", *expand("results/networks/{network}", network=PLANTED_NETWORKS)]


rule compute_recovery:
    """How much of what is planted each rule finds, in all planted networks together."""
    localrule: True
    input:
        channels=expand("{prefix}/planted_channels.parquet", prefix=PLANTED_PREFIXES),
        verdicts=expand("{prefix}/verdicts.parquet", prefix=PLANTED_PREFIXES),
    output:
        "results/recovery.parquet",
    params:
        code=code("compute_recovery"),
    log:
        "logs/compute_recovery.log",
    benchmark:
        "results/benchmarks/compute_recovery.tsv"
    conda:
        "../../../envs/scalestream.yaml"
    script:
        "../../scripts/compute_recovery.py"


if planted_seed(CONFIG["model"]["weights"]) is not None:
    show("recovery", "Criteria", "scalestream.measures.tables:RECOVERY")
