"""Tables: complete or not there, typed, and never read when they are something else."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scalestream import tables
from scalestream.errors import InputError

ROW = {"block": "2.1", "scale_percent": 10, "mean_ratio": 0.9, "sem": None, "n_trials": 1}


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "folder" / "ratios.parquet"
    tables.write(path, tables.RATIOS, [ROW, ROW])
    assert tables.read(path, tables.RATIOS).to_pylist() == [ROW, ROW]
    assert tables.read([path, path], tables.RATIOS, ["block"]).num_rows == 4
    assert [file.name for file in path.parent.iterdir()] == ["ratios.parquet"]


def test_an_interrupted_write_leaves_what_was_there(tmp_path):
    path = tmp_path / "ratios.parquet"
    tables.write(path, tables.RATIOS, [ROW])
    with pytest.raises(RuntimeError), tables.writer(path, tables.RATIOS) as append:
        append([ROW] * 5)
        raise RuntimeError
    assert tables.read(path, tables.RATIOS).num_rows == 1
    assert [file.name for file in tmp_path.iterdir()] == ["ratios.parquet"]


@pytest.mark.parametrize("change", [{"n_trials": None}, {"n_trials": "many"}])
def test_a_row_of_the_wrong_type_is_not_written(tmp_path, change):
    with pytest.raises((pa.ArrowInvalid, pa.ArrowTypeError, ValueError)):
        tables.write(tmp_path / "ratios.parquet", tables.RATIOS, [ROW | change])
    assert not list(tmp_path.iterdir())


def test_a_foreign_or_damaged_file_is_named_not_read(tmp_path):
    path = tmp_path / "ratios.parquet"
    tables.write(path, tables.RATIOS, [ROW])
    data = path.read_bytes()
    for content in (b"", data[:len(data) // 2], b"PAR1 nothing PAR1"):
        path.write_bytes(content)
        with pytest.raises(InputError, match="ratios.parquet is not a readable parquet file; delete it"):
            tables.read(path, tables.RATIOS)
    pq.write_table(pa.table({"block": ["2.1"]}), path)
    with pytest.raises(InputError, match=r"ratios.parquet holds another table \(block\); delete it"):
        tables.read(path, tables.RATIOS)
