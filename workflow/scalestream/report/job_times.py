"""What Snakemake measured of each job."""

import csv
import logging
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

UNITS = ((86400, "days"), (3600, "hours"), (60, "minutes"))
MEASURES = {"seconds": "s", "cpu_seconds": "cpu_time", "max_rss_mb": "max_rss"}  # by Snakemake's names


def read(folder: str | Path) -> Iterator[dict]:
    """Rows of the table of benchmarks, from <rule>.tsv and <rule>/<job>.tsv in the folder.

    Seconds on the clock and of the processor, and the largest resident memory in MB; Snakemake has no number for the latter
    two where a job was too short. Of a job that was tried again, it measured the last try. A damaged file is named in the log
    and left out, as no job would have to run again for it.
    """
    for path in sorted(Path(folder).rglob("*.tsv")):
        rule, job = _rule_and_job(folder, path)
        try:
            yield {"rule": rule, "job": job} | _measured(path)
        except (KeyError, TypeError, ValueError):
            logging.warning("%s is damaged, and left out: nothing but the times of jobs is in it", path)


def seconds(path: str | Path | None) -> float:
    """How long a job took by its file; none where it has no file, or that is not there, or damaged."""
    try:
        return _measured(Path(path))["seconds"] or 0 if path else 0
    except (OSError, KeyError, TypeError, ValueError):
        return 0


def seconds_by_rule(folder: str | Path) -> dict[str, list[float]]:
    """How long the jobs of each rule took, as by `seconds`, from the files that `read` reads."""
    found = defaultdict(list)
    for path in Path(folder).rglob("*.tsv"):
        found[_rule_and_job(folder, path)[0]].append(seconds(path))
    return found


def unit(seconds: float) -> tuple[int, str]:
    """The largest unit of which the time has at least two: its seconds and its name."""
    return next(((size, name) for size, name in UNITS if seconds >= 2 * size), (1, "seconds"))


def in_words(seconds: float) -> str:
    """A duration in that unit."""
    size, name = unit(seconds)
    return f"{seconds / size:.3g} {name}"


def _rule_and_job(folder: str | Path, path: Path) -> tuple[str, str]:
    rule, _, job = str(path.relative_to(folder).with_suffix("")).partition("/")
    return rule, job


def _measured(path: Path) -> dict:
    with open(path) as file:
        (row,) = csv.DictReader(file, delimiter="\t")
    return {name: _number(row[column]) for name, column in MEASURES.items()}


def _number(text: str) -> float | None:
    return None if text in ("NA", "-") else float(text)
