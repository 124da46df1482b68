"""What each job made, kept beside it: sizes, times and digests of an output's files, what they were made of, and by what.

Snakemake knows that a file is there and when it was written. A receipt knows whether it is what a job wrote, and for which
settings: it is not changed by `snakemake --touch`."""

import hashlib
import json
import stat
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from scalestream.errors import InputError
from scalestream.run.files import atomic_write, sha256

FOLDER = ".receipts"  # beside the outputs
TIMESTAMP = ".snakemake_timestamp"  # Snakemake's, in folders that are outputs


@dataclass(frozen=True)
class Receipt:
    """Of an output, which may be a folder.

    record: of what made it, as its tables carry it. inputs: what each input of the job held, null where no receipt says so.
    files: size, time and sha256 of each file, by its path in the folder; "" is the output itself.
    """

    record: dict
    inputs: dict[str, str | None]
    files: dict[str, list]

    @property
    def content(self) -> str:
        """A digest of what the output holds."""
        held = sorted((place, content) for place, (_, _, content) in self.files.items())
        return hashlib.sha256(json.dumps(held).encode()).hexdigest()


def write(outputs: Iterable[str], record: dict, inputs: Iterable[str]) -> None:
    """Keep a receipt of each output; raises InputError for an input that is not what its job made."""
    contents = {path: _content(path) for path in inputs}
    for output in outputs:
        _keep(output, Receipt(record, contents, _held(output)))


def forget(outputs: Iterable[str]) -> None:
    """Delete the receipts of outputs that are about to be made anew."""
    for output in outputs:
        _place(output).unlink(missing_ok=True)


def read(output: str) -> Receipt | None:
    """The receipt of an output, or None where there is none that can be read."""
    try:
        return Receipt(**json.loads(_place(output).read_text()))
    except (OSError, TypeError, ValueError):
        return None


def is_lost(output: str) -> bool:
    """Whether an output without a receipt that can be read had one: then there is one of another output beside it, or what is
    left of its own."""
    return _place(output).parent.is_dir()


def content(output: str) -> str:
    """What an output holds now, as the receipts of what was made of it have it."""
    return Receipt({}, {}, _held(output)).content


def look(output: str, receipt: Receipt) -> Receipt:
    """The receipt with the times that the files have now; raises InputError when they are not what the job made.

    What has its size and time is taken to be the same; what has another time alone is read.
    """
    files = {}
    for place, (size, time, content) in receipt.files.items():
        path = _path(output, place)
        try:
            now = _size_and_time(path)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise InputError(f"{path} is gone") from error
        if now[0] != size or now[1] != time and sha256(path) != content:
            bytes_now = f" ({now[0]} bytes in place of {size})" if now[0] != size else ""
            raise InputError(f"{path} is not what its job made{bytes_now}")
        files[place] = [*now, content]
    return replace(receipt, files=files)


def renew(output: str, receipt: Receipt) -> None:
    """Keep the receipt in place of that which is there, if there is one."""
    if _place(output).exists():
        _keep(output, receipt)


def seal(output: str) -> None:
    """Take over the time that Snakemake has given to an output when its job was done."""
    receipt = read(output)
    if receipt and "" in receipt.files:
        (size, _, content), now = receipt.files[""], _size_and_time(Path(output))
        if now[0] == size:
            _keep(output, replace(receipt, files={"": [*now, content]}))


def _content(path: str) -> str | None:
    """What an input holds, where a receipt says so."""
    receipt = read(path)
    try:
        return look(path, receipt).content if receipt else None
    except InputError as error:
        raise InputError(f"{error}; delete {path} and run again") from error


def _keep(output: str, receipt: Receipt) -> None:
    with atomic_write(_place(output)) as partial:
        partial.write_text(json.dumps(asdict(receipt)))


def _place(output: str) -> Path:
    path = Path(output)
    return path.parent / FOLDER / f"{path.name}.json"


def _path(output: str, place: str) -> Path:
    return Path(output, place) if place else Path(output)


def _held(output: str) -> dict[str, list]:
    """Size, time and sha256 of each file of an output, by its place."""
    return {place: [*_size_and_time(path), sha256(path)] for place, path in _files(output)}


def _files(output: str) -> Iterator[tuple[str, Path]]:
    """The files of an output, by their place in it."""
    folder = Path(output)
    if not folder.is_dir():
        yield "", folder
        return
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != TIMESTAMP:
            yield str(path.relative_to(folder)), path


def _size_and_time(path: Path) -> tuple[int, int]:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise IsADirectoryError(path)
    return status.st_size, status.st_mtime_ns
