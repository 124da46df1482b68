"""Inputs: criteria and their null, circuits, top images, thumbnails and the page in workflow/atlas/. Output: results/atlas/, a page
to walk through every channel with a browser."""

PAGE = ["index.html", "atlas.css", "atlas.js"]


rule build_atlas:
    """The channel atlas, a static page that needs no server and no network."""
    localrule: True
    input:
        criteria="results/criteria.parquet",
        null="results/null.parquet",
        top="results/top_images.parquet",
        thumbnails="results/thumbnails.parquet",
        stability="results/stability.parquet" if len(SEEDS) > 1 else [],
        natural="results/natural_criteria.parquet" if STUDY["natural_criteria"] else [],
        tuning="results/tuning.parquet" if STUDY["tuning"] else [],
        circuits="results/circuits.parquet" if WITH_CIRCUITS else [],
        kernels=KERNELS,
        visualizations=expand("results/visualizations/{layer}.parquet", layer=LAYERS),
        assets=[local(relpath(WORKFLOW / "atlas" / file)) for file in PAGE],
    output:
        report(
            directory("results/atlas"),
            htmlindex="index.html",
            category="Atlas",
            subcategory=SUBCATEGORY,
            caption="../report/atlas.rst",
            labels={"result": "channel atlas", "blocks": "all"},
        ),
    params:
        code=code("build_atlas"),
        settings=settings(
            "model.architecture",
            "model.weights",
            "criteria.tolerance",
            "criteria.magnification",
            "criteria.center",
            "visualization.steps",
            "atlas.natural_images",
        )
        | {"blocks": LAYERS_BY_BLOCK, "linear": LINEAR, "streamless": not NETWORK.has_stream, "padded": PADDED},
    log:
        "logs/build_atlas.log",
    benchmark:
        "results/benchmarks/build_atlas.tsv"
    conda:
        "../../envs/scalestream.yaml"
    script:
        "../scripts/build_atlas.py"


TARGETS.append("results/atlas")
