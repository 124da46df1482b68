"""What Snakemake measured of each job."""

import csv
from collections.abc import Iterator
from pathlib import Path

from scalestream.errors import InputError

MEASURES = {"seconds": "s", "cpu_seconds": "cpu_time", "max_rss_mb": "max_rss"}  # by Snakemake's names


def read(folder: str | Path) -> Iterator[dict]:
    """Rows of the table of benchmarks, from <rule>.tsv and <rule>/<job>.tsv in the folder.

    Seconds on the clock and of the processor, and the largest resident memory in MB; Snakemake has no number for the latter
    two where a job was too short. Of a job that was tried again, it measured the last try. Raises InputError naming a file
    that is not of Snakemake's.
    """
    for path in sorted(Path(folder).rglob("*.tsv")):
        rule, _, job = str(path.relative_to(folder).with_suffix("")).partition("/")
        try:
            yield {"rule": rule, "job": job} | _measured(path)
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{path} is damaged; delete it and run again") from error


def _measured(path: Path) -> dict:
    with open(path) as file:
        (row,) = csv.DictReader(file, delimiter="\t")
    return {name: _number(row[column]) for name, column in MEASURES.items()}


def _number(text: str) -> float | None:
    return None if text in ("NA", "-") else float(text)
