"""The same channels in networks with other weights. Inputs: as for the run's own network. Outputs: results/networks/{network}/,
with the model, visualizations of the first seed at In and Pre, and the criteria."""

OTHER_MODEL = {name: f"results/networks/{{network}}/{Path(path).name}" for name, path in MODEL.items()}
OTHER_WEIGHTS = {"random_weights": "random-0", "permuted_weights": "permuted-0"}
NULL_NETWORKS = [network for null, network in OTHER_WEIGHTS.items() if null in STUDY["nulls"]]
PLANTED_NETWORKS = [f"planted-{seed}" for seed in STUDY["recovery"]]


use rule resolve_model as resolve_other_model with:
    localrule: False
    input:
        unpack(images_of_statistics),
        weights=weights_file(),
        network=network_file(),
    output:
        **OTHER_MODEL,
    params:
        code=code("resolve_model"),
        settings=other_weights,
    log:
        "logs/resolve_other_model/{network}.log",
    benchmark:
        "results/benchmarks/resolve_other_model/{network}.tsv"


use rule visualize as visualize_other with:
    input:
        **OTHER_MODEL,
    output:
        "results/networks/{network}/visualizations/{seed}/{layer}/{first}-{stop}.parquet",
    log:
        "logs/visualize_other/{network}/{seed}/{layer}/{first}-{stop}.log",
    benchmark:
        "results/benchmarks/visualize_other/{network}/{seed}/{layer}/{first}-{stop}.tsv"


use rule measure_responses_to_visualizations as measure_other_responses with:
    input:
        **OTHER_MODEL,
        x_in=lambda wildcards: other_chunks(wildcards.network, BLOCKS[wildcards.block].input, wildcards.seed),
        x_pre=lambda wildcards: other_chunks(wildcards.network, BLOCKS[wildcards.block].pre, wildcards.seed),
    output:
        "results/networks/{network}/responses_to_visualizations/{seed}/{block}.parquet",
    log:
        "logs/measure_other_responses/{network}/{seed}/{block}.log",
    benchmark:
        "results/benchmarks/measure_other_responses/{network}/{seed}/{block}.tsv"


use rule evaluate_criteria as evaluate_other_criteria with:
    input:
        responses="results/networks/{network}/responses_to_visualizations/{seed}/{block}.parquet",
        x_in=lambda wildcards: other_chunks(wildcards.network, BLOCKS[wildcards.block].input, wildcards.seed),
    output:
        "results/networks/{network}/criteria/{seed}/{block}.parquet",
    log:
        "logs/evaluate_other_criteria/{network}/{seed}/{block}.log",
    benchmark:
        "results/benchmarks/evaluate_other_criteria/{network}/{seed}/{block}.tsv"


use rule gather_criteria as gather_other_criteria with:
    input:
        tables=expand("results/networks/{{network}}/criteria/{seed}/{block}.parquet", seed=FIRST_SEED, block=BLOCKS),
    output:
        "results/networks/{network}/criteria.parquet",
    log:
        "logs/gather_other_criteria/{network}.log",
    benchmark:
        "results/benchmarks/gather_other_criteria/{network}.tsv"


use rule measure_lags as measure_other_lags with:
    input:
        **OTHER_MODEL,
        **IMAGES,
    output:
        lags="results/networks/{network}/lags/{block}.parquet",
        profiles="results/networks/{network}/lag_profiles/{block}.parquet",
    log:
        "logs/measure_other_lags/{network}/{block}.log",
    benchmark:
        "results/benchmarks/measure_other_lags/{network}/{block}.tsv"


use rule compute_circuits as compute_other_circuits with:
    input:
        **OTHER_MODEL,
    output:
        circuits="results/networks/{network}/circuits/{block}.parquet",
        profiles="results/networks/{network}/circuit_profiles/{block}.parquet",
        kernels="results/networks/{network}/kernels/{block}.parquet",
    log:
        "logs/compute_other_circuits/{network}/{block}.log",
    benchmark:
        "results/benchmarks/compute_other_circuits/{network}/{block}.tsv"


use rule apply_rules as apply_rules_to_other with:
    input:
        criteria=f"results/networks/{{network}}/criteria/{FIRST_SEED}/{{block}}.parquet",
        lags="results/networks/{network}/lags/{block}.parquet" if MEASURED["lags"] else [],
        circuits="results/networks/{network}/circuits/{block}.parquet" if MEASURED["circuits"] else [],
    output:
        "results/networks/{network}/verdicts/{block}.parquet",
    log:
        "logs/apply_rules_to_other/{network}/{block}.log",
    benchmark:
        "results/benchmarks/apply_rules_to_other/{network}/{block}.tsv"


use rule gather_verdicts as gather_other_verdicts with:
    input:
        tables=expand("results/networks/{{network}}/verdicts/{block}.parquet", block=BLOCKS),
    output:
        "results/networks/{network}/verdicts.parquet",
    log:
        "logs/gather_other_verdicts/{network}.log",
    benchmark:
        "results/benchmarks/gather_other_verdicts/{network}.tsv"
