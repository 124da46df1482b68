"""What this run found beside what the paper reports."""

import logging
from collections import Counter
from pathlib import Path

import yaml
from job import run

from scalestream import tables
from scalestream.comparison import AGREES, DIFFERS, NOT_COMPARABLE, compare


def main(snakemake) -> None:
    found, settings = snakemake.input, snakemake.params.settings
    classes = tables.read(found.images, tables.IMAGES, ["class_index"])["class_index"]
    rows = list(compare(yaml.safe_load(Path(found.published).read_text()), tables.read(found.criteria, tables.CRITERIA),
                        tables.read(found.ablation, tables.ABLATION), tables.read(found.ratios, tables.RATIOS),
                        settings["run"], settings["paper"], len(classes), len(classes.unique())))
    tables.write(snakemake.output[0], tables.PAPER_COMPARISON, rows)
    verdicts = Counter(row["verdict"] for row in rows)
    logging.info("of %d published numbers, %d agree, %d differ, %d are not comparable", len(rows), verdicts[AGREES],
                 verdicts[DIFFERS], verdicts[NOT_COMPARABLE])


run(main, snakemake)
