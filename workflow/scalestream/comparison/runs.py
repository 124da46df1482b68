"""Finished runs side by side: what differs in configuration and provenance, verdicts gained and lost, and their numbers.

All is read from a run's own tables: each carries the settings of the rule that made it.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from scalestream.comparison.grouping import grouped
from scalestream.errors import InputError
from scalestream.run import provenance
from scalestream.run.experiment import RECORD
from scalestream.run.results import read_table, table_names

SECTIONS = {
    "configuration": "Configuration: what differs",
    "provenance": "Provenance: what differs",
    "verdicts": "Verdicts gained and lost, against the first run",
    "numbers": "Numbers",
}
PLUMBING = {  # settings that follow from others
    *("averaged", "description", "figure1_blocks", "folder", "layers", "paper", "run", "schema", "write_images"),
    "model.training",
}
ALIASES = {"jitter": "visualization.jitter", "percents": "ablation.scale_percents", "slack": "ablation.slack"}
OF_A_JOB = ("output", "rule", "settings", "threads", "wildcards")  # of a record, beside what the whole run has
WEIGHTS = "weights_sha256"
HASH = 12  # digits of one that are shown


@dataclass(frozen=True)
class Run:
    """A folder with results in it; name: as it was given."""

    name: str

    @property
    def results(self) -> Path:
        return Path(self.name) / "results"

    @cached_property
    def records(self) -> list[dict]:
        """Of all tables, sorted by their place."""
        return [provenance.read(self.results / f"{name}.parquet") for name in table_names(self.results)]

    @cached_property
    def settings(self) -> dict[str, str]:
        """Values by key of the configuration, or by rule and name for a setting that is none."""
        found: dict[str, dict[str, None]] = {}
        for record in self.records:
            rule = record.get("rule", "").removeprefix(f"{Path(self.name).resolve().name}_")  # of a member of a family
            for key, value in record.get("settings", {}).items():
                if key not in PLUMBING:
                    _note(found, ALIASES.get(key, key if "." in key else f"{rule}: {key}"), value)
        record = self.results / RECORD
        for key, value in json.loads(record.read_text())["experiment"].items() if record.exists() else ():
            if key not in PLUMBING:
                _note(found, key, value)
        return {key: "; ".join(values) for key, values in found.items()}

    @cached_property
    def made_by(self) -> dict[str, str]:
        """What the tables say of version, packages, device, weights and images."""
        found: dict[str, dict[str, None]] = {}
        own = provenance.read(self.results / "criteria.parquet").get(WEIGHTS)
        for record in self.records:
            for key, value in record.items():
                if key not in OF_A_JOB and (key != WEIGHTS or value == own):  # a study has tables of other networks too
                    _note(found, key, value[:HASH] if key.endswith("_sha256") else value)
        return {key: "; ".join(values) for key, values in found.items()}

    @cached_property
    def criteria(self) -> pd.DataFrame:
        """Raises InputError where the folder is no run, or has no criteria."""
        return read_table(self.name, "criteria")

    @property
    def channels(self) -> dict[str, int]:
        """How many each judged block has."""
        return self.criteria.groupby("block", sort=False).size().to_dict()

    @cached_property
    def verdicts(self) -> dict[str, pd.DataFrame]:
        """By rule: block, channel and passes, of the channels that it was asked of."""
        found = {"paper": self.criteria[["block", "channel", "passes"]]}
        table = self.table("verdicts")
        for rule in table.columns.difference(["block", "channel", "paper"], sort=False) if table is not None else ():
            asked = table[table[rule].notna()]
            if len(asked):
                found[rule] = asked[["block", "channel"]].assign(passes=asked[rule].astype(bool))
        return found

    def table(self, name: str) -> pd.DataFrame | None:
        """One that not every run has."""
        return read_table(self.name, name) if (self.results / f"{name}.parquet").exists() else None


def compare(folders: Iterable[str]) -> list[dict]:
    """Rows of the table of compared runs, in the order of SECTIONS.

    folders: at least two, each with results in it. Raises InputError for one that is no run or has no criteria, and where runs
    have no block of as many channels in common.
    """
    runs = [Run(str(folder)) for folder in folders]
    if len({Path(run.name).resolve() for run in runs}) < max(2, len(runs)):
        raise InputError("compare: name at least two different folders of runs")
    first = runs[0]
    for run in runs[1:]:
        if not first.channels.items() & run.channels.items():
            has = " and ".join(f"{each.name} has {', '.join(each.channels)}" for each in (first, run))
            raise InputError(f"compare: no block is in both, with as many channels: {has}; compare runs of one architecture")
    return [
        *_differing("configuration", {run.name: run.settings for run in runs}),
        *_differing("provenance", {run.name: run.made_by for run in runs}),
        *(row for run in runs[1:] for row in _changed(first, run)),
        *(row for run in runs for row in _numbers(run)),
    ]


def caution(rows: list[dict]) -> str | None:
    """What to know before channels are compared by their numbers; None where the runs are of the same weights."""
    if any(row["item"] == WEIGHTS for row in rows):
        return "These runs have different weights: a channel of the same number need not be the same feature."
    return None


def wide(rows: list[dict], section: str) -> pd.DataFrame:
    """A section of the table with a column for each run, as text; columns that say nothing are left out."""
    items = list(dict.fromkeys(row["item"] for row in rows))
    of_section = sorted((row for row in rows if row["section"] == section), key=lambda row: items.index(row["item"]))
    lines = []
    for (item, block, percent), of_place in grouped(of_section, "item", "block", "scale_percent").items():
        place = {"item": item, "block": block, "scale": None if percent is None else f"{percent} %"}
        lines.append(place | {row["run"]: _cell(row) for row in of_place})
    return pd.DataFrame(lines).dropna(axis="columns", how="all").fillna("–") if lines else pd.DataFrame()


def _cell(row: dict) -> str:
    number = "" if row["number"] is None else f"{row['number']:.4g}"
    return " ".join(filter(None, (number, row["text"])))


def _note(found: dict[str, dict[str, None]], key: str, value: object) -> None:
    """Add a value to those that a key was found with; what is inside another has a key of its own."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            _note(found, f"{key}.{name}", inner)
    else:
        found.setdefault(key, {})[value if isinstance(value, str) else json.dumps(value)] = None


def _row(section: str, run: str, item: str, text: str | None = None, number: float | None = None, **place) -> dict:
    row = {"section": section, "item": item, "block": None, "scale_percent": None, "run": run, "text": text, "number": number}
    return row | place


def _differing(section: str, values: dict[str, dict[str, str]]) -> Iterator[dict]:
    """Rows of the keys that not all runs have the same of; values: by run and key."""
    for key in dict.fromkeys(key for of_run in values.values() for key in of_run):
        found = {run: of_run.get(key) for run, of_run in values.items()}
        if len(set(found.values())) > 1:
            yield from (_row(section, run, key, text or "not there") for run, text in found.items())


def _changed(first: Run, run: Run) -> Iterator[dict]:
    """Of each rule and block that both have: how many channels pass in both, and those gained and lost."""
    for rule in (rule for rule in first.verdicts if rule in run.verdicts):
        passing = [each.verdicts[rule].query("passes") for each in (first, run)]
        for block in (block for block, count in first.channels.items() if run.channels.get(block) == count):
            here = [set(verdicts.loc[verdicts["block"] == block, "channel"]) for verdicts in passing]
            sets = {"pass in both": here[0] & here[1], "gained": here[1] - here[0], "lost": here[0] - here[1]}
            for what, channels in sets.items() if any(here) else ():
                listed = f"({', '.join(map(str, sorted(channels)))})" if channels else None
                yield _row("verdicts", run.name, f"{rule}: {what}", listed, len(channels), block=block)


def _numbers(run: Run) -> Iterator[dict]:
    for block, of_block in run.criteria.groupby("block", sort=False):
        yield _row("numbers", run.name, "channels that pass", f"of {len(of_block)}", int(of_block["passes"].sum()), block=block)
    null = run.table("null")
    if null is not None:
        for row in null[null["seed"] == run.criteria["seed"].iloc[0]].itertuples():
            yield _row("numbers", run.name, "expected to pass by chance", number=row.expected, block=row.block)
    ablation = run.table("ablation")
    if ablation is not None:
        means = ablation.groupby(["condition", "block", "scale_percent"], sort=False)["accuracy"].mean()
        for (condition, block, percent), mean in means.items():
            yield _row("numbers", run.name, f"accuracy, {condition}", number=mean, block=block, scale_percent=percent)
    ratios = run.table("ratios")
    if ratios is not None:
        for row in ratios.dropna(subset="mean_ratio").itertuples():
            place = {"block": row.block, "scale_percent": row.scale_percent}
            yield _row("numbers", run.name, "ratio (Eq. 3)", f"± {row.sem:.2g}", row.mean_ratio, **place)
    robustness = run.table("robustness")
    if robustness is not None:
        for row in robustness.itertuples():
            yield _row("numbers", run.name, f"accuracy, magnified {row.magnification:g} times", number=row.accuracy)
