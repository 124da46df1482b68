"""The image list: what each file of the image set is, and which are left out."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from scalestream.errors import NOT_UTF8, InputError, in_one_line, shown, too_deep
from scalestream.images.sources import LabelledFile


def inspect(file: LabelledFile) -> dict | str:
    """A row of the image manifest, or what is wrong with the file in a few words."""
    if not _is_utf8(file.path):  # as all text in a table is
        return NOT_UTF8
    try:
        data = file.path.read_bytes()
        with Image.open(file.path) as image:
            image.load()
            if image.mode.startswith(("I", "F")):
                return too_deep(image.mode)
            return {
                "path": str(file.path),
                "width": image.width,
                "height": image.height,
                "size": len(data),
                "mode": image.mode,
                "sha256": hashlib.sha256(data).hexdigest(),
                "wnid": file.wnid,
                "class_index": file.class_index,
            }
    except Exception as error:  # PIL raises many kinds for damaged files
        return in_one_line(error)


def _is_utf8(path: Path) -> bool:
    try:
        return bool(str(path).encode())
    except UnicodeEncodeError:
        return False


def manifest(files: list[LabelledFile], skip_unreadable: bool, threads: int, watch=iter) -> tuple[list[dict], list[str]]:
    """Rows of the manifest in the order of `files`, and a line for every file left out.

    Raises InputError naming every unreadable file, unless they are to be skipped. watch: wraps the files, for progress.
    """
    with ThreadPoolExecutor(threads) as pool:
        inspected = list(watch(pool.map(inspect, files)))
    bad = [f"{shown(file.path)} ({result})" for file, result in zip(files, inspected) if isinstance(result, str)]
    if bad and not skip_unreadable:
        raise InputError(
            f"{len(bad)} unreadable image file(s): {'; '.join(bad)}; mend or remove them, or set images.skip_unreadable to true"
        )
    rows = [result for result in inspected if isinstance(result, dict)]
    if not rows:
        raise InputError(f"none of the {len(files)} image files is readable; check images.root")
    return rows, bad


def kinds(paths: list[Path]) -> str:
    """How many files of each suffix there are, and how many folders, in words."""
    counts = Counter("folder" if path.is_dir() else shown(path.suffix.lower()) or "no suffix" for path in paths)
    return ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))


def digest(rows: list[dict]) -> str:
    """The sha256 of a manifest: of every file's path and content."""
    return hashlib.sha256("".join(f"{row['path']} {row['sha256']}\n" for row in rows).encode()).hexdigest()


def require_classes(class_indices: Iterable[int], classes: int) -> None:
    """Raises InputError when an image's class is none of the network's."""
    largest = max(class_indices)
    if largest >= classes:
        raise InputError(
            f"images: class index {largest} is beyond the network's {classes} classes; "
            "use the image set that the network was trained for"
        )


def trained_classes(trained: Collection[tuple[int, str]], judged: Iterable[tuple[int, str]]) -> int:
    """The number of classes that training images have, each by index and name.

    Raises InputError where one of the images that the network is to judge is of none of them.
    """
    if missing := sorted(set(judged) - set(trained)):
        index, name = missing[0]
        more = f", nor of {len(missing) - 1} more" if missing[1:] else ""
        raise InputError(
            f"training.images: there are none of class {name} (index {index}){more}, which images has; "
            "give training images of the same classes"
        )
    return 1 + max(index for index, _ in trained)
