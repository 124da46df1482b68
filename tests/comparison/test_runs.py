"""Runs side by side: what differs, by hand and of finished runs, the command, its table and its page."""

import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from conftest import REPOSITORY
from scalestream.ablation.tables import RATIOS
from scalestream.comparison.runs import SECTIONS, caution, compare, wide
from scalestream.comparison.tables import RUNS
from scalestream.criteria.tables import CRITERIA
from scalestream.errors import InputError
from scalestream.run import provenance, tables

CHANNELS = 4


def made(folder: Path, passing: dict[str, set[int]], tolerance: float, weights: str = "w", ratio: float = 1.0) -> str:
    """A folder with tables of a run whose passing channels are given by block."""
    (folder / "results").mkdir(parents=True)
    term = dict.fromkeys(("pre_in", "pre_in_scaled", "post_in", "post_pre", "gain", "ratio", "normalized_gain", "gain_rank"), 1)
    rows = [
        term
        | dict.fromkeys(("gain_passes", "ratio_passes", "passes"), channel in channels)
        | {"block": block, "channel": channel, "in_dead_gradient": False, "seed": 0}
        for block, channels in passing.items()
        for channel in range(CHANNELS)
    ]
    settings = {"criteria.tolerance": tolerance, "jitter": {"layer1": 4}, "schema": folder.name}
    with provenance.recorded({"rule": "evaluate_criteria", "settings": settings, "weights_sha256": weights}):
        tables.write(str(folder / "results/criteria.parquet"), CRITERIA, rows)
        of_ratio = {"block": "2.1", "scale_percent": 10, "mean_ratio": ratio, "sem": 0.25, "n_trials": 2}
        tables.write(str(folder / "results/ratios.parquet"), RATIOS, [of_ratio])
    return str(folder)


def shown(rows: list[dict], section: str) -> list[list]:
    return wide(rows, section).values.tolist()


def test_what_differs_between_runs(tmp_path, monkeypatch):
    before = made(tmp_path / "a", {"2.1": {0, 1, 3}, "3.1": {2}}, 1.5)
    after = made(tmp_path / "b", {"2.1": {1, 2, 3}, "4.1": {0}}, 1.2, ratio=0.5)
    with provenance.recorded({"rule": "gather_nulls", "settings": {}, "weights_sha256": "of a network for comparison"}):
        tables.write(f"{after}/results/nulls.parquet", RATIOS, [])
    rows = compare([before, after])
    assert shown(rows, "configuration") == [["criteria.tolerance", "1.5", "1.2"]]
    assert shown(rows, "provenance") == [] and caution(rows) is None
    assert shown(rows, "verdicts") == [
        ["paper: pass in both", "2.1", "2 (1, 3)"],
        ["paper: gained", "2.1", "1 (2)"],
        ["paper: lost", "2.1", "1 (0)"],
    ]
    assert shown(rows, "numbers") == [
        ["channels that pass", "2.1", "–", "3 of 4", "3 of 4"],
        ["channels that pass", "3.1", "–", "1 of 4", "–"],
        ["channels that pass", "4.1", "–", "–", "1 of 4"],
        ["ratio (Eq. 3)", "2.1", "10 %", "1 ± 0.25", "0.5 ± 0.25"],
    ]
    monkeypatch.chdir(tmp_path / "a")
    assert shown(compare([".", "../b"]), "configuration") == shown(rows, "configuration")
    other = made(tmp_path / "c", {"2.1": set()}, 1.5, weights="v")
    assert shown(compare([before, other]), "provenance") == [["weights_sha256", "w", "v"]]
    assert "need not be the same feature" in caution(compare([before, other]))


def test_what_cannot_be_compared_is_one_line(tmp_path):
    run = made(tmp_path / "a", {"2.1": set()}, 1.5)
    other = made(tmp_path / "b", {"9.9": set()}, 1.5)
    (tmp_path / "empty" / "results").mkdir(parents=True)
    faults = {
        (run,): "name at least two",
        (run, f"{run}/"): "name at least two",
        (run, str(tmp_path / "nothing")): "is no run",
        (run, str(tmp_path / "empty")): "has no table 'criteria'",
        (run, other): "no block is in both",
    }
    for folders, line in faults.items():
        with pytest.raises(InputError, match=line) as raised:
            compare(folders)
        assert "\n" not in str(raised.value)


def test_the_command_prints_and_writes_what_differs(tiny, study, tmp_path):
    """Of a tiny run and one with two seeds, other magnifications and the same first seed."""
    command = [sys.executable, "-m", "scalestream", "compare"]
    run = lambda *words: subprocess.run(
        [*command, *words], capture_output=True, text=True, cwd=tmp_path, env={"PYTHONPATH": str(REPOSITORY / "workflow")}
    )
    done = run(tiny, study)
    assert done.returncode == 0, done.stderr
    table = pq.read_table(tmp_path / "comparison/comparison.parquet")
    assert table.schema.equals(RUNS)
    rows = table.to_pylist()
    differing = {row["item"]: row["text"] for row in rows if row["section"] == "configuration" and row["run"] == str(study)}
    assert differing["visualization.seed"] == "0; 1" and "criteria.tolerance" not in differing
    assert {row["section"] for row in rows} == set(SECTIONS)
    assert not [row for row in rows if row["item"].endswith((": gained", ": lost")) and row["number"]]
    passing = {row["run"]: row["number"] for row in rows if row["item"] == "channels that pass" and row["block"] == "2.1"}
    criteria = pq.read_table(tiny / "results/criteria.parquet").to_pylist()
    assert passing == dict.fromkeys(map(str, (tiny, study)), sum(row["passes"] for row in criteria if row["block"] == "2.1"))
    page = (tmp_path / "comparison/comparison.html").read_text()
    assert page.count("<table>") == 4 and f'<th scope="col">{study}</th>' in page and "visualization.seed" in done.stdout
    assert max(map(len, done.stdout.splitlines())) < 200  # long values are cut; the page has them whole
    refused = run(tiny)
    assert refused.returncode == 1 and len(refused.stderr.splitlines()) == 1
