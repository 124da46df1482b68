"""The record of what made a file: written, read back by the library and the command, and what has none."""

import json
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from conftest import REPOSITORY
from scalestream import __version__
from scalestream.ablation.tables import RATIOS
from scalestream.errors import InputError
from scalestream.figures.style import save
from scalestream.run import provenance, tables

ROWS = [{"block": "2.1", "scale_percent": 10, "mean_ratio": 1.0, "sem": 0.1, "n_trials": 2}]


def printed(*files) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "scalestream", "provenance", *files],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(REPOSITORY / "workflow")},
        check=False,
    )


def test_tables_and_figures_say_what_made_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with provenance.recorded({"weights_sha256": "w"}):
        tables.write("first.parquet", RATIOS, ROWS, images_sha256="i")
    record = provenance.record("compute_ratios", {"block": "2.1"}, {"seed": 1}, ["first.parquet", "other.png"], 4)
    with provenance.recorded(record):
        tables.write("ratios.parquet", RATIOS, ROWS)
        for name in ("figure.png", "figure.pdf"):
            save(plt.figure(), name)
    found = provenance.read("ratios.parquet")
    assert found == record | {"output": "ratios.parquet"}
    assert provenance.read("figure.png") == provenance.read("figure.pdf") == record
    assert found["scalestream"] == __version__ and found["settings"] == {"seed": 1} and found["threads"] == 4
    assert (found["weights_sha256"], found["images_sha256"]) == ("w", "i")  # carried on from the input
    assert all(found[package] not in ("", "not installed") for package in provenance.PACKAGES)
    assert found["device"].startswith(("cpu: ", "cuda: ")) and len(found["commit"].removesuffix("-dirty")) in (7, 40)
    assert "figure.png" not in json.dumps(found)

    run = printed("ratios.parquet", "figure.pdf")
    assert run.returncode == 0 and '"rule": "compute_ratios"' in run.stdout and run.stdout.count('"seed": 1') == 2


def test_inputs_of_different_images_or_weights_are_named(tmp_path, monkeypatch):
    """Those of other networks have weights of their own."""
    monkeypatch.chdir(tmp_path)
    made_of = {
        "results/own.parquet": ("w", "i"),
        "results/copied.parquet": ("w", "other images"),
        "results/old.parquet": ("other weights", "i"),
        "results/networks/random-0/a.parquet": ("random", "i"),
        "results/networks/random-0/b.parquet": ("other random", "i"),
        "results/networks/random-1/a.parquet": ("random too", "i"),
    }
    for path, (weights, images) in made_of.items():
        with provenance.recorded({"weights_sha256": weights, "images_sha256": images}):
            tables.write(path, RATIOS, ROWS)
    own, copied, old, first, second, other = made_of
    for files, what in [((own, copied), "images"), ((own, old), "weights"), ((first, own, second), "weights")]:
        with pytest.raises(InputError, match=f"^{files[0]} and {files[-1]} were made of different {what}; delete"):
            provenance.inherited(files)
    assert provenance.inherited([own, first, other]) == {"weights_sha256": "w", "images_sha256": "i"}
    assert provenance.inherited([first]) == {"weights_sha256": "random", "images_sha256": "i"}
    assert provenance.inherited([first, other]) == {"images_sha256": "i"}


def test_members_of_a_family_may_be_of_other_weights_and_images(tmp_path, monkeypatch):
    """But not a file of a member and one of the images that it has from the family, nor two files of one member."""
    monkeypatch.chdir(tmp_path)
    made_of = {
        "networks/a/results/x.parquet": ("w", "i"),
        "networks/a/results/networks/random-0/x.parquet": ("random", "i"),
        "networks/b/results/x.parquet": ("other", "i"),
        "networks/c/results/x.parquet": ("third", "j"),
        "networks/a/results/old.parquet": ("old", "i"),
    }
    for path, (weights, images) in made_of.items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with provenance.recorded({"weights_sha256": weights, "images_sha256": images}):
            tables.write(path, RATIOS, ROWS)
    with provenance.recorded({"images_sha256": "i"}):
        tables.write("shared.parquet", RATIOS, ROWS)
    a, random, b, c, old = made_of
    assert provenance.inherited([a, random]) == {"weights_sha256": "w", "images_sha256": "i"}
    assert provenance.inherited([a, b, "shared.parquet"]) == {"images_sha256": "i"}
    assert provenance.inherited([a, c]) == {}
    for files, what in [((a, old), "weights"), ((c, "shared.parquet"), "images"), (("shared.parquet", c), "images")]:
        with pytest.raises(InputError, match=f"^{files[0]} and {files[1]} were made of different {what}; delete"):
            provenance.inherited(files)


def test_a_file_without_a_record_is_one_line(tmp_path):
    pq.write_table(pa.table({"a": [1]}), tmp_path / "foreign.parquet")
    plt.figure().savefig(tmp_path / "foreign.pdf")
    (tmp_path / "empty.png").touch()
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
    (tmp_path / "notes.txt").touch()
    faults = {
        "foreign.parquet": "carries no record",
        "foreign.pdf": "carries no record",
        "empty.png": "not a readable",
        "broken.pdf": "not a readable",
        "notes.txt": "only tables and figures",
        "gone.png": "no such file",
    }
    for name, fault in faults.items():
        with pytest.raises(InputError, match=fault):
            provenance.read(tmp_path / name)
    run = printed(tmp_path / "foreign.parquet")
    assert run.returncode == 1 and run.stderr.count("\n") == 1 and "carries no record" in run.stderr


def test_without_a_checkout_the_commit_is_unknown(tmp_path, monkeypatch):
    monkeypatch.setattr(provenance, "PROJECT", tmp_path)
    assert provenance.commit() == "unknown"
    archived = tmp_path / ".git_archival.txt"
    archived.write_text((REPOSITORY / ".git_archival.txt").read_text())
    assert provenance.commit() == "unknown"
    archived.write_text(f"{'0a' * 20}\n")
    assert provenance.commit() == "0a" * 20
