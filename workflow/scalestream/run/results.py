"""The tables of a finished run, as pandas."""

import difflib
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from scalestream.errors import InputError, in_one_line
from scalestream.run import provenance


def read_table(run: str | Path, name: str) -> pd.DataFrame:
    """A table of a run, by its place in `results/`: "criteria", or "visualizations/layer2.1".

    run: the folder with `results` in it. `attrs` of the frame is the record of what made the table. Raises InputError for a
    folder without results, a table that there is not, and a damaged one.
    """
    results = Path(run) / "results"
    if not results.is_dir():
        raise InputError(f"{run} is no run: it has no folder results; give the folder of a run")
    path = results / f"{name}.parquet"
    if not path.is_file():
        there = table_names(results)
        close = difflib.get_close_matches(name, there, n=3) or there[:10]
        raise InputError(f"{run} has no table {name!r}; it has {', '.join(close) or 'none'}")
    try:
        frame = pq.read_table(path, page_checksum_verification=True).to_pandas()
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{path} is damaged or no parquet file ({in_one_line(error)}); run again") from error
    frame.attrs = provenance.read(path)
    return frame


def table_names(results: Path) -> list[str]:
    """The tables in a folder of results by their place, sorted; hidden ones, as of jobs that were killed, are left out."""
    places = [path.relative_to(results) for path in results.rglob("*.parquet")]
    return sorted(str(place.with_suffix("")) for place in places if not any(part.startswith(".") for part in place.parts))
