"""What this run found beside what the paper reports."""

import logging
from collections import Counter
from pathlib import Path

import yaml

from job import run
from scalestream.ablation.tables import ABLATION, RATIOS
from scalestream.criteria.tables import CRITERIA, NULL
from scalestream.images.tables import IMAGES
from scalestream.networks.manifest import Manifest
from scalestream.report.comparison import AGREES, DIFFERS, NOT_COMPARABLE, compare
from scalestream.report.tables import PAPER_COMPARISON
from scalestream.run import tables


def main(snakemake) -> None:
    files, settings = snakemake.input, snakemake.params.settings
    manifest = Manifest.read(files.manifest)
    run_settings = settings["run"] | {"model.weights": manifest.published or manifest.weights}
    classes = tables.read(files.images, IMAGES, ["class_index"])["class_index"]
    rows = list(
        compare(
            yaml.safe_load(Path(files.published).read_text()),
            tables.read(files.criteria, CRITERIA),
            tables.read(files.null, NULL),
            tables.read(files.ablation, ABLATION) if files.ablation else ABLATION.empty_table(),
            tables.read(files.ratios, RATIOS) if files.ratios else RATIOS.empty_table(),
            run_settings,
            settings["paper"],
            len(classes),
            len(classes.unique()),
        )
    )
    tables.write(snakemake.output[0], PAPER_COMPARISON, rows)
    verdicts = Counter(row["verdict"] for row in rows)
    logging.info(
        "of %d published numbers, %d agree, %d differ, %d are not comparable",
        len(rows),
        verdicts[AGREES],
        verdicts[DIFFERS],
        verdicts[NOT_COMPARABLE],
    )


if __name__ == "__main__":
    run(main, snakemake)
