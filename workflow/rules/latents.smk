"""What the main crosscoder of a block has found, to look at and to ablate. Inputs: crosscoders and their latents, the model and the
images. Outputs: results/latents/, a page of latents, and results/crosscoder/ablation.parquet and ratios.parquet."""

MAIN_RUN = CROSSCODERS[0]
WITH_EXAMPLES = CROSSCODED if CONFIG["atlas"]["natural_images"] else []
CROSSCODER = (
    f"results/crosscoder/{{block}}/{MAIN_RUN['pairing']}/{MAIN_RUN['seed']}/{MAIN_RUN['width']}-{MAIN_RUN['k']}.safetensors"
)
OF_LATENTS = settings("crosscoder.shown") | {"seed": MAIN_RUN["seed"]}
LATENT_ABLATION = "results/crosscoder/{block}/ablation"
ABLATED_LATENTS = [block for block in CROSSCODED if block in ABLATED]


rule visualize_latents:
    """Visualizations of the directions of latents at In, or at Pre."""
    input:
        **MODEL,
        crosscoder=CROSSCODER,
        latents="results/crosscoder/{block}/latents.parquet",
    output:
        "results/crosscoder/{block}/visualizations/{site}.parquet",
    params:
        code=code("visualize_latents"),
        settings=lambda wildcards: dependencies.optimization(
            CONFIG, [LAYERS_BY_BLOCK[wildcards.block][wildcards.site]], FIRST_SEED
        )
        | OF_LATENTS,
    log:
        "logs/visualize_latents/{block}/{site}.log",
    benchmark:
        "results/benchmarks/visualize_latents/{block}/{site}.tsv"
    threads: 1
    conda:
        "../../envs/scalestream.yaml"
    resources:
        gpu=gpus,
    script:
        "../scripts/visualize_latents.py"


rule draw_latent_examples:
    """The crops that have most of each latent, at every site and magnification."""
    input:
        **MODEL,
        **IMAGES,
        crosscoder=CROSSCODER,
        activations="results/crosscoder/{block}/activations.npy",
        latents="results/crosscoder/{block}/latents.parquet",
    output:
        "results/crosscoder/{block}/examples.parquet",
    params:
        code=code("draw_latent_examples"),
        settings=dependencies.crosscoder_activations(CONFIG) | OF_LATENTS,
    log:
        "logs/draw_latent_examples/{block}.log",
    benchmark:
        "results/benchmarks/draw_latent_examples/{block}.tsv"
    conda:
        "../../envs/scalestream.yaml"
    resources:
        gpu=gpus,
    script:
        "../scripts/draw_latent_examples.py"


rule build_latent_page:
    """A static page of latents, with what they are visualized by and what has most of them."""
    localrule: True
    input:
        latents=expand("results/crosscoder/{block}/latents.parquet", block=CROSSCODED),
        visualizations=expand("results/crosscoder/{block}/visualizations/{site}.parquet", block=CROSSCODED, site=["In", "Pre"]),
        examples=expand("results/crosscoder/{block}/examples.parquet", block=WITH_EXAMPLES),
    output:
        report(
            directory("results/latents"),
            htmlindex="index.html",
            category="Crosscoder",
            subcategory=SUBCATEGORY,
            caption="../report/latents.rst",
            labels={"result": "latents", "blocks": ", ".join(CROSSCODED)},
        ),
    params:
        code=code("build_latent_page"),
        settings=settings("model.architecture", "model.weights", "atlas.natural_images")
        | OF_LATENTS
        | {"blocks": CROSSCODED, "width": MAIN_RUN["width"], "k": MAIN_RUN["k"]},
    log:
        "logs/build_latent_page.log",
    benchmark:
        "results/benchmarks/build_latent_page.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/build_latent_page.py"


rule select_latents:
    """The latents that are ablated: those that are found scale invariant."""
    localrule: True
    input:
        latents="results/crosscoder/{block}/latents.parquet",
    output:
        selection="results/crosscoder/{block}/selection.parquet",
        directions="results/crosscoder/{block}/directions.parquet",
    params:
        code=code("select_latents"),
        settings={"seed": MAIN_RUN["seed"]},
    log:
        "logs/select_latents/{block}.log",
    benchmark:
        "results/benchmarks/select_latents/{block}.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/select_latents.py"


LATENT_EVALUATION_INPUT = EVALUATION_INPUT | {
    "selection": "results/crosscoder/{block}/selection.parquet",
    "directions": "results/crosscoder/{block}/directions.parquet",
}


use rule ablate_no_scale as ablate_no_scale_of_latents with:
    input:
        **LATENT_EVALUATION_INPUT,
    output:
        f"{LATENT_ABLATION}/no_scale.parquet",
    log:
        "logs/ablate_no_scale_of_latents/{block}.log",
    benchmark:
        "results/benchmarks/ablate_no_scale_of_latents/{block}.tsv"


use rule screen_candidates as screen_latents with:
    input:
        **LATENT_EVALUATION_INPUT,
        no_scale=f"{LATENT_ABLATION}/no_scale.parquet",
        previous=partial(previous_screening, place=LATENT_ABLATION),
    output:
        f"{LATENT_ABLATION}/{{control}}/screening/{{first}}-{{stop}}.parquet",
    params:
        settings=lambda wildcards: dependencies.screening(CONFIG, wildcards.block, "latents"),
    log:
        "logs/screen_latents/{block}/{control}/{first}-{stop}.log",
    benchmark:
        "results/benchmarks/screen_latents/{block}/{control}/{first}-{stop}.tsv"


use rule ablate as ablate_latents with:
    input:
        **LATENT_EVALUATION_INPUT,
        screening=f"{LATENT_ABLATION}/{{control}}/screening/{{first}}-{{stop}}.parquet",
    output:
        f"{LATENT_ABLATION}/{{control}}/{{replacement}}/{{first}}-{{stop}}.parquet",
    log:
        "logs/ablate_latents/{block}/{control}/{replacement}/{first}-{stop}.log",
    benchmark:
        "results/benchmarks/ablate_latents/{block}/{control}/{replacement}/{first}-{stop}.tsv"


use rule gather_ablation as gather_latent_ablation with:
    input:
        tables=expand(
            "results/crosscoder/{block}/ablation/{name}.parquet",
            block=ABLATED_LATENTS,
            name=["no_scale", *(f"random/mean/{trials}" for trials in TRIALS)],
        ),
    output:
        "results/crosscoder/ablation.parquet",
    log:
        "logs/gather_latent_ablation.log",
    benchmark:
        "results/benchmarks/gather_latent_ablation.tsv"


use rule compute_ratios as compute_latent_ratios with:
    input:
        ablation="results/crosscoder/ablation.parquet",
    output:
        "results/crosscoder/ratios.parquet",
    log:
        "logs/compute_latent_ratios.log",
    benchmark:
        "results/benchmarks/compute_latent_ratios.tsv"


if CROSSCODED:
    TARGETS.append("results/latents")
if ABLATED_LATENTS:
    show("crosscoder/ratios", "Crosscoder", "scalestream.ablation.tables:RATIOS")
