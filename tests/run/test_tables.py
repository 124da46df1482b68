"""Tables: complete or not there, typed, and never read when they are something else."""

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scalestream.ablation.tables import RATIOS
from scalestream.errors import InputError
from scalestream.run import tables

ROW = {"block": "2.1", "scale_percent": 10, "mean_ratio": 0.9, "sem": None, "n_trials": 1}


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "folder" / "ratios.parquet"
    tables.write(path, RATIOS, [ROW, ROW])
    assert tables.read(path, RATIOS).to_pylist() == [ROW, ROW]
    assert tables.read([path, path], RATIOS, ["block"]).num_rows == 4
    assert [file.name for file in path.parent.iterdir()] == ["ratios.parquet"]


def test_an_interrupted_write_leaves_what_was_there(tmp_path):
    path = tmp_path / "ratios.parquet"
    tables.write(path, RATIOS, [ROW])
    with pytest.raises(RuntimeError), tables.writer(path, RATIOS) as append:
        append([ROW] * 5)
        raise RuntimeError
    assert tables.read(path, RATIOS).num_rows == 1
    assert [file.name for file in tmp_path.iterdir()] == ["ratios.parquet"]


@pytest.mark.parametrize("change", [{"n_trials": None}, {"n_trials": "many"}])
def test_a_row_of_the_wrong_type_is_not_written(tmp_path, change):
    with pytest.raises((pa.ArrowInvalid, pa.ArrowTypeError, ValueError)):
        tables.write(tmp_path / "ratios.parquet", RATIOS, [ROW | change])
    assert not list(tmp_path.iterdir())


def test_a_foreign_or_damaged_file_is_named_not_read(tmp_path):
    path = tmp_path / "ratios.parquet"
    tables.write(path, RATIOS, [ROW])
    data = path.read_bytes()
    for content in (b"", data[: len(data) // 2], b"PAR1 nothing PAR1"):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"ratios.parquet is damaged or no parquet file \(.*\); delete it"):
            tables.read(path, RATIOS)
    pq.write_table(pa.table({"block": ["2.1"]}), path)
    with pytest.raises(InputError, match=r"ratios.parquet holds another table \(block\); delete it"):
        tables.read(path, RATIOS)


def test_a_changed_byte_is_noticed_or_changes_nothing(tmp_path, monkeypatch):
    """Wherever it is: in a page, the footer, or what nobody reads."""
    monkeypatch.chdir(tmp_path)
    path = Path("ratios.parquet")
    tables.write(path, RATIOS, [ROW | {"scale_percent": number} for number in range(20)])
    written, data = tables.read(path, RATIOS), path.read_bytes()
    noticed = 0
    for place in range(0, len(data), 3):
        path.write_bytes(data[:place] + bytes([data[place] ^ 1 << place % 8]) + data[place + 1 :])
        tables.fault(path)
        try:
            assert tables.read(path, RATIOS) == written
        except InputError as error:
            noticed += 1
            assert "ratios.parquet" in str(error)
    assert noticed > 200


def test_what_is_not_what_was_written_there_is_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("right", "truncated", "empty", "foreign"):
        tables.write(f"results/{name}.parquet", RATIOS, [ROW])
    truncated, empty, foreign = (tmp_path / f"results/{name}.parquet" for name in ("truncated", "empty", "foreign"))
    truncated.write_bytes(truncated.read_bytes()[:-1])
    empty.write_bytes(b"")
    pq.write_table(pa.table({"block": ["2.1"]}), foreign)
    shutil.copy("results/right.parquet", "results/copy.parquet")
    found = {name: tables.fault(f"results/{name}.parquet") for name in ("right", "truncated", "empty", "foreign", "copy")}
    assert {name for name, fault in found.items() if fault} == {"truncated", "empty", "foreign", "copy"}
    assert found["copy"] == "results/copy.parquet is a copy of results/right.parquet"


def test_two_processes_can_write_the_same_table(tmp_path):
    path = tmp_path / "ratios.parquet"
    with tables.writer(path, RATIOS) as slow:
        tables.write(path, RATIOS, [ROW])
        slow([ROW, ROW])
        assert tables.read(path, RATIOS).num_rows == 1
    assert tables.read(path, RATIOS).num_rows == 2
    assert [file.name for file in tmp_path.iterdir()] == ["ratios.parquet"]
