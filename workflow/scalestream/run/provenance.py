"""What made a file: a record that every table and figure carries, and that is read back from it."""

import json
import platform
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from scalestream import __version__
from scalestream.errors import InputError
from scalestream.places import PROJECT

KEY = "scalestream"
PACKAGES = (
    "torch",
    "torchvision",
    "torch-lucent",
    "thingsvision",
    "kornia",
    "numpy",
    "scipy",
    "statsmodels",
    "pandas",
    "pillow",
)
INHERITED = {"weights_sha256": "weights", "images_sha256": "images", "training_images_sha256": "training images"}
OTHER_NETWORK = re.compile(r"(?:^|/)results/networks/([^/]+)/")
MEMBER = re.compile(r"(?:^|/)networks/([^/]+)/results/")  # of a family: a run of its own

_current: ContextVar[dict] = ContextVar("provenance", default={})


@contextmanager
def recorded(record: dict) -> Iterator[None]:
    """Have every table and figure written inside carry the record."""
    token = _current.set(record)
    try:
        yield
    finally:
        _current.reset(token)


def current() -> dict:
    """The record that what is written now carries."""
    return _current.get()


def text(**more: str) -> str:
    """The current record, and what is given as `more`, as it is stored in a file."""
    return json.dumps(current() | more)


def record(rule: str, wildcards: dict, settings: dict, inputs: Iterable[str], threads: int) -> dict:
    """What a job is made of: pipeline, the rule's own settings, hashes of weights and image list, packages, device."""
    made = {"scalestream": __version__, "commit": commit(), "rule": rule, "wildcards": wildcards, "settings": settings}
    return made | inherited(inputs) | packages() | {"device": device(), "threads": threads}


def inherited(inputs: Iterable[str]) -> dict[str, str]:
    """The hashes that the inputs of a job carry on: of the run's own weights, or of those of the one network that they are of.
    Of several members of a family, what they have in common.

    Raises InputError for inputs that are of different images, or of different weights of one network; members of a family may
    differ.
    """
    found: dict[str, dict[tuple, tuple[str, str]]] = {key: {} for key in INHERITED}
    for path in inputs:
        member, network = (match and match[1] for match in (MEMBER.search(path), OTHER_NETWORK.search(path)))
        for key, value in hashes(path).items():
            of = member, network if key == "weights_sha256" else None
            for other, (first, before) in found[key].items():
                if value != before and _must_agree(of, other):
                    raise InputError(
                        f"{first} and {path} were made of different {INHERITED[key]}; delete what is not of this run and run "
                        "again"
                    )
            found[key].setdefault(of, (path, value))
    carried = {}
    for key, of_key in found.items():
        own = {value for (_, network), (_, value) in of_key.items() if network is None}
        values = own or {value for _, value in of_key.values()}
        if len(values) == 1:
            (carried[key],) = values
    return carried


def _must_agree(one: tuple, other: tuple) -> bool:
    """Whether inputs of two members (None: of the family, or of a run by itself) and networks are to be made of the same."""
    return one[1] == other[1] and (one[0] == other[0] or None in (one[0], other[0]))


def hashes(path: str | Path) -> dict[str, str]:
    """The hashes that a table or a manifest carries."""
    path = Path(path)
    if path.name == "manifest.json":
        try:
            carried = json.loads(path.read_text())
        except ValueError as error:
            raise InputError(f"{path} is damaged; delete it and run again") from error
    elif path.suffix == ".parquet":
        carried = read(path)
    else:
        return {}
    return {key: carried[key] for key in INHERITED if key in carried}


def packages() -> dict[str, str]:
    """The versions of the packages that compute."""
    return {package: _version(package) for package in PACKAGES}


def read(path: str | Path) -> dict:
    """The record of a table (.parquet) or figure (.png, .pdf); raises InputError where there is none, and OSError where the
    disk fails."""
    path = Path(path)
    readers = {".parquet": _of_table, ".png": _of_png, ".pdf": _of_pdf}
    if path.suffix not in readers:
        raise InputError(f"{path}: only tables and figures carry a record; give a {', '.join(readers)} file")
    try:
        stored = json.loads(readers[path.suffix](path) or "null")
    except FileNotFoundError as error:
        raise InputError(f"{path}: there is no such file") from error
    except (OSError, pa.ArrowException, ValueError) as error:
        if getattr(error, "errno", None):
            raise
        raise InputError(f"{path} is not a readable {path.suffix} file") from error
    if not isinstance(stored, dict):
        raise InputError(f"{path} carries no record of scalestream; it was made by something else")
    return stored


def commit() -> str:
    """The commit of the pipeline's own checkout, with "-dirty" where files differ from it, or of the archive that it is from.

    "unknown" where neither is to be had.
    """
    command = [
        "git",
        "--no-optional-locks",
        "--git-dir",
        PROJECT / ".git",
        "--work-tree",
        PROJECT,
        "describe",
        "--always",
        "--dirty",
        "--abbrev=40",
        "--exclude=*",
    ]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return _archived()


def _archived() -> str:
    """The commit that `git archive` has written into its copy of the file."""
    archived = PROJECT / ".git_archival.txt"
    found = re.fullmatch(r"[0-9a-f]{40,}\n", archived.read_text()) if archived.exists() else None
    return found[0].strip() if found else "unknown"


def device() -> str:
    """The GPU that torch computes on, or the processor."""
    torch = sys.modules.get("torch")
    if torch and torch.cuda.is_available():
        return f"cuda: {torch.cuda.get_device_name()}"
    return f"cpu: {processor()}"


def processor() -> str:
    """The processor's name."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _of_table(path: Path) -> str:
    return (pq.read_schema(path).metadata or {}).get(KEY.encode(), b"").decode()


def _of_png(path: Path) -> str:
    from PIL import Image

    with Image.open(path) as image:
        return image.info.get(KEY, "")


def _of_pdf(path: Path) -> str:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        return (PdfReader(path).metadata or {}).get("/Keywords", "")
    except PyPdfError as error:
        raise ValueError from error
