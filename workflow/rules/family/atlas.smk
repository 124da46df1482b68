"""Inputs: the networks' atlases and nulls. Output: results/atlas/, a page that leads to the networks' atlases."""


rule index_atlases:
    """What passes in each network beside what would by chance, with the way to its atlas."""
    localrule: True
    input:
        nulls=made_by(JUDGED, "results/null.parquet"),
        manifests=made_by(JUDGED, "results/model/manifest.json"),
        atlases=made_by(JUDGED, "results/atlas"),
        pictures=made_by(JUDGED, "results/figures/passing.png"),
    output:
        report(
            directory("results/atlas"),
            htmlindex="index.html",
            category="Atlas",
            caption="../../report/atlas_index.rst",
            labels={"result": "index of the channel atlases", "blocks": "all"},
        ),
    params:
        code=code("index_atlases"),
        settings=factors(JUDGED),
    log:
        "logs/index_atlases.log",
    benchmark:
        "results/benchmarks/index_atlases.tsv"
    conda:
        "../../../envs/scalestream.yaml"
    script:
        "../../scripts/index_atlases.py"


if JUDGED and MAKES_EVERYTHING:
    TARGETS.append("results/atlas")

if MAKES_EVERYTHING:
    LAST += everything_of(MEMBERS)
