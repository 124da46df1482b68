"""How well does the intact network do on magnified images? Inputs: the model and the images. Output: results/robustness.parquet."""


rule measure_robustness:
    """Top-1 accuracy at every magnification relative to no scale."""
    input:
        **MODEL,
        **IMAGES,
    output:
        "results/robustness.parquet",
    params:
        code=code("measure_robustness"),
        settings=dependencies.robustness(CONFIG),
        batch_size=untracked("images.batch_size"),
    log:
        "logs/measure_robustness.log",
    benchmark:
        "results/benchmarks/measure_robustness.tsv"
    threads: 4
    conda:
        "../../envs/scalestream.yaml"
    resources:
        gpu=gpus,
    script:
        "../scripts/measure_robustness.py"


if CONFIG["robustness"]["magnifications"]:
    show("robustness", "Robustness", "scalestream.robustness.tables:ROBUSTNESS")
