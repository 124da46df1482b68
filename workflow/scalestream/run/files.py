"""Files and folders that are complete or not there."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PARTIAL = ".partial"  # of the hidden folders that files are written in


@contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
    """Yields where to write a file or folder, beside `path`; what is there at the end is moved to `path`, after an error
    nothing is left. Several processes may write the same file: each has a place of its own."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", suffix=PARTIAL, dir=path.parent) as folder:
        partial = Path(folder, path.name)
        yield partial
        os.replace(partial, path)


def sha256(path: str | Path) -> str:
    """The digest of a file's content, which may be larger than the memory."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
