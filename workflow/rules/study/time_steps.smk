"""Does a recurrent area answer smaller scales earlier? Inputs: the peaks of tuning. Output: results/time_steps.parquet."""


rule compare_time_steps:
    """The magnifications that Post prefers at each time step, of images of one step."""
    localrule: True
    input:
        manifest=MODEL["manifest"],
        peaks="results/peaks.parquet",
    output:
        "results/time_steps.parquet",
    params:
        code=code("compare_time_steps"),
    log:
        "logs/compare_time_steps.log",
    benchmark:
        "results/benchmarks/compare_time_steps.tsv"
    conda:
        "../../../envs/scalestream.yaml"
    script:
        "../../scripts/compare_time_steps.py"


if STUDY["tuning"] and any(block.time_step for block in BLOCKS.values()):
    show("time_steps", "Visualization", "scalestream.study.tables:TIME_STEPS")
