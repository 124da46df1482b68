"""The image list: what each file of the image set is, and which are left out."""

import hashlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from PIL import Image

from scalestream.errors import InputError, in_one_line, too_deep
from scalestream.images.sources import LabelledFile


def inspect(file: LabelledFile) -> dict | str:
    """A row of the image manifest, or what is wrong with the file in a few words."""
    try:
        data = file.path.read_bytes()
        str(file.path).encode()  # a name that is not UTF-8 has no place in a table
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


def manifest(files: list[LabelledFile], skip_unreadable: bool, threads: int, watch=iter) -> tuple[list[dict], list[str]]:
    """Rows of the manifest in the order of `files`, and a line for every file left out.

    Raises InputError naming every unreadable file, unless they are to be skipped. watch: wraps the files, for progress.
    """
    with ThreadPoolExecutor(threads) as pool:
        inspected = list(watch(pool.map(inspect, files)))
    bad = [f"{file.path} ({result})" for file, result in zip(files, inspected) if isinstance(result, str)]
    if bad and not skip_unreadable:
        raise InputError(
            f"{len(bad)} unreadable image file(s): {'; '.join(bad)}; mend or remove them, or set images.skip_unreadable to true"
        )
    rows = [result for result in inspected if isinstance(result, dict)]
    if not rows:
        raise InputError(f"none of the {len(files)} image files is readable; check images.root")
    return rows, bad


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
