"""Typed parquet tables: their schemas, and writing so that a file in its place is always complete."""

import os
from collections.abc import Iterable
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from scalestream.errors import InputError


def _schema(**columns: pa.DataType) -> pa.Schema:
    return pa.schema([pa.field(name, kind, nullable=False) for name, kind in columns.items()])


IMAGES = _schema(path=pa.string(), width=pa.int32(), height=pa.int32(), size=pa.int64(), mode=pa.string(),
                 sha256=pa.string(), wnid=pa.string(), class_index=pa.int32())
VISUALIZATIONS = _schema(layer=pa.string(), channel=pa.int32(), objective=pa.string(), seed=pa.int64(), steps=pa.int32(),
                         activation=pa.float32(), stuck=pa.bool_(), png=pa.binary(),
                         trace=pa.list_(pa.float32()))
CRITERIA = pa.schema([
    pa.field("block", pa.string(), nullable=False),
    pa.field("channel", pa.int32(), nullable=False),
    *(pa.field(name, pa.float32(), nullable=False) for name in ("pre_in", "pre_in_scaled", "post_in", "post_pre")),
    pa.field("ratio", pa.float32()),
    *(pa.field(name, pa.bool_(), nullable=False) for name in ("gain_passes", "ratio_passes", "passes", "in_stuck")),
])
ACTIVATIONS = _schema(image=pa.string(), activations=pa.list_(pa.float32()))
MEAN_ACTIVATIONS = _schema(layer=pa.string(), channel=pa.int32(), mean=pa.float64(), n_images=pa.int64())
TOP_IMAGES = _schema(layer=pa.string(), channel=pa.int32(), rank=pa.int32(), activation=pa.float32(), image=pa.string())
CANDIDATES = pa.schema([
    pa.field("block", pa.string(), nullable=False),
    pa.field("draw", pa.int32(), nullable=False),
    pa.field("channels", pa.list_(pa.int32()), nullable=False),
    pa.field("n_correct", pa.int64(), nullable=False),
    pa.field("n_seen", pa.int64(), nullable=False),
    pa.field("accuracy", pa.float64()),
    pa.field("accepted", pa.bool_(), nullable=False),
])
ABLATION = pa.schema([
    pa.field("block", pa.string(), nullable=False),
    pa.field("condition", pa.string(), nullable=False),
    pa.field("trial", pa.int32()),
    pa.field("scale_percent", pa.int32(), nullable=False),
    pa.field("n_correct", pa.int64(), nullable=False),
    pa.field("n_images", pa.int64(), nullable=False),
    pa.field("accuracy", pa.float64(), nullable=False),
])
RATIOS = pa.schema([
    pa.field("block", pa.string(), nullable=False),
    pa.field("scale_percent", pa.int32(), nullable=False),
    pa.field("mean_ratio", pa.float64()),
    pa.field("sem", pa.float64()),
    pa.field("n_trials", pa.int32(), nullable=False),
])


def write(path: str, schema: pa.Schema, rows: Iterable[dict]) -> None:
    """Write rows as a table of the schema; the file appears in its place only when it is complete and read back."""
    with writer(path, schema) as append:
        append(rows)


@contextmanager
def in_place(path: str | Path):
    """Yields the path to write to, beside `path`; what is there at the end is moved to `path`, after an error nothing is left."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    try:
        yield partial
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def writer(path: str, schema: pa.Schema):
    """Write a table piece by piece: yields a function that appends a table or rows as one row group.

    The table is written beside its place, read back and moved there at the end; after an error nothing is left.
    """
    written = 0

    def append(rows: pa.Table | Iterable[dict]) -> None:
        nonlocal written
        table = rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(list(rows), schema=schema)
        table.validate(full=True)
        file.write_table(table)
        written += table.num_rows

    with in_place(path) as partial:
        with pq.ParquetWriter(partial, schema) as file:
            yield append
        found = pq.read_metadata(partial)
        if found.num_rows != written or not pq.read_schema(partial).equals(schema):
            raise OSError(f"{path}: the table read back differs from what was written; check the disk")


def read(paths: str | Iterable[str], schema: pa.Schema, columns: list[str] | None = None) -> pa.Table:
    """Read one table, or several one after the other.

    Raises InputError naming a file that is unreadable or not of the schema.
    """
    paths = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    return pa.concat_tables([_read_one(path, schema, columns) for path in paths])


def open_table(path: str, schema: pa.Schema) -> pq.ParquetFile:
    """The checked file, for reading row group by row group; raises as `read`."""
    try:
        file = pq.ParquetFile(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"{path} is not a readable parquet file; delete it and run again") from error
    if not file.schema_arrow.equals(schema):
        raise InputError(f"{path} holds another table ({', '.join(file.schema_arrow.names)}); delete it and run again")
    return file


def _read_one(path: str, schema: pa.Schema, columns: list[str] | None) -> pa.Table:
    return open_table(path, schema).read(columns=columns)
