"""Typed parquet tables, written so that a file is always complete, and checked when they are read."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from scalestream.errors import DiskError, InputError, in_one_line
from scalestream.run import provenance
from scalestream.run.files import atomic_write


def schema(optional: Iterable[str] = (), **columns: pa.DataType) -> pa.Schema:
    """The schema of columns, all of which have a value in every row, but for the optional ones."""
    return pa.schema([pa.field(name, kind, nullable=name in optional) for name, kind in columns.items()])


def write(path: str, schema: pa.Schema, rows: Iterable[dict], **more: str) -> None:
    """Write rows as a table of the schema, as `writer` does."""
    with writer(path, schema, **more) as append:
        append(rows)


@contextmanager
def writer(path: str, schema: pa.Schema, **more: str):
    """Write a table piece by piece: yields a function that appends a table or rows as one row group.

    The table carries the record of what made it, with what is given as `more`. It is written beside its place, read back
    and moved there at the end; after an error nothing is left.
    """
    written = 0

    def append(rows: pa.Table | Iterable[dict]) -> None:
        nonlocal written
        table = rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(list(rows), schema=schema)
        table.validate(full=True)
        file.write_table(table)
        written += table.num_rows

    with atomic_write(path) as partial:
        record = {provenance.KEY: provenance.text(output=str(path), **more)}
        with pq.ParquetWriter(partial, schema.with_metadata(record), write_page_checksum=True) as file:
            yield append
        with pq.ParquetFile(partial) as written_table:
            if written_table.metadata.num_rows != written or not written_table.schema_arrow.equals(schema):
                raise DiskError(f"{path}: the table read back differs from what was written; check the disk")


def read(paths: str | Iterable[str], schema: pa.Schema, columns: list[str] | None = None) -> pa.Table:
    """Read one table, or several one after the other.

    Raises InputError naming a file that is unreadable, damaged or not of the schema.
    """
    paths = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    return pa.concat_tables([_read_one(path, schema, columns) for path in paths])


@contextmanager
def batches(path: str, schema: pa.Schema, size: int) -> Iterator[Iterator[pa.RecordBatch]]:
    """Yields the rows of one table, `size` at a time; raises as `read`."""
    with _checked(path, schema) as file:
        yield file.iter_batches(batch_size=size)


def fault(path: str | Path) -> str | None:
    """Why a table is not what was written there, if it is not.

    Looks at what a file says of itself; a page that was changed later is found when it is read.
    """
    try:
        written_as = provenance.read(path).get("output")
    except InputError as error:
        return str(error)
    except OSError:  # of a disk or a network that fails now says nothing of the file
        return None
    return None if written_as == str(path) else f"{path} is a copy of {written_as}"


@contextmanager
def _checked(path: str, schema: pa.Schema) -> Iterator[pq.ParquetFile]:
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            if not file.schema_arrow.equals(schema):
                raise InputError(f"{path} holds another table ({', '.join(file.schema_arrow.names)}); delete it and run again")
            yield file
    except (OSError, pa.ArrowException, ValueError) as error:
        raise InputError(f"{path} is damaged or no parquet file ({in_one_line(error)}); delete it and run again") from error


def _read_one(path: str, schema: pa.Schema, columns: list[str] | None) -> pa.Table:
    with _checked(path, schema) as file:
        return file.read(columns=columns).replace_schema_metadata()
