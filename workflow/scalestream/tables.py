"""Typed parquet tables: their schemas, and writing so that a file in its place is always complete."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from scalestream import provenance
from scalestream.errors import InputError, in_one_line


def _schema(optional: Iterable[str] = (), **columns: pa.DataType) -> pa.Schema:
    """The schema of columns, all of which have a value in every row, but for the optional ones."""
    return pa.schema([pa.field(name, kind, nullable=name in optional) for name, kind in columns.items()])


IMAGES = _schema(path=pa.string(), width=pa.int32(), height=pa.int32(), size=pa.int64(), mode=pa.string(),
                 sha256=pa.string(), wnid=pa.string(), class_index=pa.int32())
VISUALIZATIONS = _schema(layer=pa.string(), channel=pa.int32(), objective=pa.string(), seed=pa.int64(), steps=pa.int32(),
                         activation=pa.float32(), stuck=pa.bool_(), png=pa.binary(),
                         trace=pa.list_(pa.float32()))
_JUDGED = dict(pre_in=pa.float32(), pre_in_scaled=pa.float32(), post_in=pa.float32(), post_pre=pa.float32(), gain=pa.float32(),
               ratio=pa.float32(), gain_passes=pa.bool_(), ratio_passes=pa.bool_(), passes=pa.bool_())
CRITERIA = _schema(("ratio",), block=pa.string(), channel=pa.int32(), **_JUDGED, in_stuck=pa.bool_(), seed=pa.int64())
SELECTION = _schema(block=pa.string(), channel=pa.int32(), n_seeds=pa.int32(), n_passing=pa.int32(), gain=pa.float32(),
                    selected=pa.bool_())
STABILITY = _schema(block=pa.string(), channel=pa.int32(), n_seeds=pa.int32(), n_passing=pa.int32(), share=pa.float64(),
                    lower=pa.float64(), upper=pa.float64())
SENSITIVITY = _schema(block=pa.string(), seed=pa.int64(), threshold=pa.string(), value=pa.float64(), n_passing=pa.int32(),
                      n_channels=pa.int32())
ACTIVATIONS = _schema(image=pa.string(), activations=pa.list_(pa.float32()))
MEAN_ACTIVATIONS = _schema(layer=pa.string(), channel=pa.int32(), mean=pa.float64(), n_images=pa.int64())
TOP_IMAGES = _schema(layer=pa.string(), channel=pa.int32(), rank=pa.int32(), activation=pa.float32(), image=pa.string())
CANDIDATES = _schema(("accuracy", "correct", "trial"), block=pa.string(), control=pa.string(), draw=pa.int32(),
                     channels=pa.list_(pa.int32()), n_correct=pa.int64(), n_seen=pa.int64(), accuracy=pa.float64(),
                     accepted=pa.bool_(), trial=pa.int32(), correct=pa.binary())
_COUNTED = dict(scale_percent=pa.int32(), n_correct=pa.int64(), n_images=pa.int64(), accuracy=pa.float64())
ABLATION = _schema(("trial",), block=pa.string(), kind=pa.string(), condition=pa.string(), trial=pa.int32(), **_COUNTED,
                   correct=pa.binary())
RATIOS = _schema(("mean_ratio", "sem"), block=pa.string(), scale_percent=pa.int32(), mean_ratio=pa.float64(), sem=pa.float64(),
                 n_trials=pa.int32())
ACCEPTANCE = _schema(block=pa.string(), control=pa.string(), n_draws=pa.int32(), n_accepted=pa.int32(), rate=pa.float64(),
                     lower=pa.float64(), upper=pa.float64())
DOSE_RESPONSE = _schema(("draw",), block=pa.string(), condition=pa.string(), draw=pa.int32(), n_ablated=pa.int32(), **_COUNTED)
_P = ("p_images", "p_images_holm", "p_sets", "p_sets_holm")
_INTERVALS = ("ratio", "ratio_lower", "ratio_upper", "sem", "difference", "difference_lower", "difference_upper")
EFFECTS = _schema((*_INTERVALS, *_P), block=pa.string(), kind=pa.string(), control=pa.string(), scale_percent=pa.int32(),
                  n_images=pa.int64(), n_trials=pa.int32(), **dict.fromkeys((*_INTERVALS, *_P), pa.float64()))
_IN_PRE_POST = {name: pa.float32() for name in ("in", "pre", "post")}
RESPONSES = _schema(("rank",), block=pa.string(), channel=pa.int32(), source=pa.string(), stimulus=pa.string(), rank=pa.int32(),
                    magnification=pa.float64(), **_IN_PRE_POST)
NATURAL_CRITERIA = _schema(("ratio",), block=pa.string(), channel=pa.int32(), n_images=pa.int32(), **_JUDGED,
                           visualization_passes=pa.bool_(), in_pre=pa.int32(), in_post=pa.int32(), pre_post=pa.int32())
AGREEMENT = _schema(("kappa",), block=pa.string(), n_channels=pa.int32(), both=pa.int32(), visualization_only=pa.int32(),
                    natural_only=pa.int32(), neither=pa.int32(), agreement=pa.float64(), kappa=pa.float64())
OVERLAP = _schema(block=pa.string(), group=pa.string(), n_channels=pa.int32(), in_pre=pa.float64(), in_post=pa.float64(),
                  pre_post=pa.float64(), in_pre_none=pa.float64(), post_mixes=pa.float64())
TUNING = _schema(block=pa.string(), channel=pa.int32(), source=pa.string(), stimulus=pa.string(), magnification=pa.float64(),
                 **_IN_PRE_POST)
_PEAKS = ("in_peak", "pre_peak", "post_peak")
PEAKS = _schema(_PEAKS, block=pa.string(), channel=pa.int32(), source=pa.string(), stimulus=pa.string(), passes=pa.bool_(),
                **dict.fromkeys(_PEAKS, pa.float64()))
PREFERENCE = _schema((*_PEAKS, "p"), block=pa.string(), group=pa.string(), source=pa.string(), stimulus=pa.string(),
                     n_channels=pa.int32(), pre_larger=pa.int32(), equal=pa.int32(), pre_smaller=pa.int32(),
                     **dict.fromkeys((*_PEAKS, "p"), pa.float64()))
THUMBNAILS = pa.schema([
    pa.field("layer", pa.string(), nullable=False),
    pa.field("channel", pa.int32(), nullable=False),
    pa.field("visualization", pa.binary(), nullable=False),
    pa.field("top_images", pa.binary(), nullable=False),
])
GRIDS = pa.schema([
    pa.field("block", pa.string(), nullable=False),
    pa.field("channel", pa.int32(), nullable=False),
    pa.field("passes", pa.bool_(), nullable=False),
    pa.field("in_figure1", pa.bool_(), nullable=False),
    pa.field("column", pa.string(), nullable=False),
    pa.field("stuck", pa.bool_(), nullable=False),
    pa.field("center_neuron", pa.binary(), nullable=False),
    pa.field("whole_channel", pa.binary()),
    pa.field("top_images", pa.binary(), nullable=False),
])
OBJECTIVE = _schema(block=pa.string(), column=pa.string(), layer=pa.string(), step=pa.int32(), lower=pa.float32(),
                    median=pa.float32(), upper=pa.float32(), n_channels=pa.int32())
PAPER_COMPARISON = pa.schema([
    pa.field("quantity", pa.string(), nullable=False),
    pa.field("block", pa.string()),
    pa.field("scale_percent", pa.int32()),
    pa.field("unit", pa.string(), nullable=False),
    pa.field("paper", pa.float64(), nullable=False),
    pa.field("this_run", pa.float64()),
    pa.field("tolerance", pa.float64(), nullable=False),
    pa.field("verdict", pa.string(), nullable=False),
    pa.field("reason", pa.string(), nullable=False),
    pa.field("paper_channels", pa.list_(pa.int32())),
    pa.field("run_channels", pa.list_(pa.int32())),
    pa.field("jaccard", pa.float64()),
    pa.field("chance_overlap", pa.float64()),
    pa.field("chance_probability", pa.float64()),
])
BENCHMARKS = pa.schema([
    pa.field("rule", pa.string(), nullable=False),
    pa.field("job", pa.string(), nullable=False),
    pa.field("seconds", pa.float64(), nullable=False),
    pa.field("cpu_seconds", pa.float64()),
    pa.field("max_rss_mb", pa.float64()),
])

PARTIAL = ".partial"  # of the hidden folders that files are written in


def write(path: str, schema: pa.Schema, rows: Iterable[dict], **more: str) -> None:
    """Write rows as a table of the schema, as `writer` does."""
    with writer(path, schema, **more) as append:
        append(rows)


@contextmanager
def in_place(path: str | Path) -> Iterator[Path]:
    """Yields where to write a file or folder, beside `path`; what is there at the end is moved to `path`, after an error
    nothing is left. Several processes may write the same file: each has a place of its own."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", suffix=PARTIAL, dir=path.parent) as folder:
        partial = Path(folder, path.name)
        yield partial
        os.replace(partial, path)


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

    with in_place(path) as partial:
        record = {provenance.KEY: provenance.text(output=str(path), **more)}
        with pq.ParquetWriter(partial, schema.with_metadata(record), write_page_checksum=True) as file:
            yield append
        with pq.ParquetFile(partial) as found:
            if found.metadata.num_rows != written or not found.schema_arrow.equals(schema):
                raise OSError(f"{path}: the table read back differs from what was written; check the disk")


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


def damaged(folder: str) -> Iterator[tuple[Path, str]]:
    """The tables below a folder that are not what was written there, each with the reason.

    Looks at what a file says of itself; a page that was changed later is found when it is read.
    """
    for path in sorted(Path(folder).rglob("*.parquet")):
        if path.parent.suffix == PARTIAL:
            continue
        try:
            place = provenance.read(path).get("output")
        except InputError as error:
            yield path, str(error)
            continue
        except OSError:  # of a disk or a network that fails now says nothing of the file
            continue
        if place != str(path):
            yield path, f"{path} is a copy of {place}"


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
