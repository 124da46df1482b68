"""Resized images, decoded once and kept as uncompressed Arrow files that are mapped into memory."""

import logging
import shutil
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
from PIL import Image
from tqdm import tqdm

from scalestream.errors import DiskError, InputError
from scalestream.images.loading import ImageFiles, open_rgb
from scalestream.images.preprocessing import Resized, resized
from scalestream.run.files import atomic_write

ROWS = 64  # of a record batch


def schema(side: int, interpolation: str) -> pa.Schema:
    """An image's file, the size of the whole resized image, and the 8-bit RGB square (side, side, 3) in its center.

    Where there is to be no cache, size and square are missing.
    """
    return pa.schema(
        [
            pa.field("path", pa.string(), nullable=False),
            pa.field("width", pa.int32()),
            pa.field("height", pa.int32()),
            pa.field("pixels", pa.large_binary()),
        ],
        metadata={"side": str(side), "interpolation": interpolation},
    )


def shard_rows(count: int, shard: int, shards: int) -> range:
    """The images, of `count`, that belong to a shard; shards differ by one image at most."""
    return range(count * shard // shards, count * (shard + 1) // shards)


def require_space(folder: Path, count: int, side: int) -> None:
    """Says how much disk a cache of `count` images takes; raises InputError where what it still lacks is not free."""
    total = count * 3 * side * side
    lacking = total - sum(map(_size, folder.iterdir()))
    free = shutil.disk_usage(folder).free
    logging.info("the cache of all %d images takes %s of disk in %s; %s are free", count, _text(total), folder, _text(free))
    if lacking > free:
        raise InputError(
            f"images.cache: the cache in {folder} needs {_text(lacking)} more and {_text(free)} are free; "
            "make room, or set images.cache to false"
        )


def _text(size: int) -> str:
    return tqdm.format_sizeof(size, "B")


def _size(path: Path) -> int:
    """Bytes of a file that another job may be about to move to its place."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def write(path: str | Path, images: ImageFiles, watch=iter) -> None:
    """Decode the images and keep them; the file appears in its place only when it is complete and read back.

    watch: wraps the images' indices, for progress.
    """

    def rows() -> Iterator[dict]:
        for index in watch(range(len(images))):
            image = images[index]
            yield {
                "path": images.paths[index],
                "width": image.size[0],
                "height": image.size[1],
                "pixels": image.square.tobytes(),
            }

    _write(path, images, rows())


def write_list(path: str | Path, images: ImageFiles) -> None:
    """List the images, which are then decoded whenever they are read."""
    _write(path, images, ({"path": name} for name in images.paths))


def _write(path: str | Path, images: ImageFiles, rows: Iterator[dict]) -> None:
    kind = schema(images.resize, images.interpolation)
    with atomic_write(path) as partial:
        with pa.OSFile(str(partial), "wb") as sink, pa.ipc.new_file(sink, kind) as file:
            while batch := list(islice(rows, ROWS)):
                file.write_batch(pa.RecordBatch.from_pylist(batch, schema=kind))
        if _opened(partial, kind)["path"].to_pylist() != images.paths:
            raise DiskError(f"{path}: the images read back differ from what was written; check the disk")


class ImageCache(Sequence):
    """The resized images of several shards, one after the other, read from the mapped files.

    Raises InputError when a shard is damaged, or when they hold other images than `paths`.
    """

    def __init__(self, shards: list[str], paths: list[str], side: int, interpolation: str = "bilinear"):
        self.shards, self.paths, self.side, self.interpolation = shards, paths, side, interpolation
        self.table = pa.concat_tables(_opened(Path(shard), schema(side, interpolation)) for shard in shards)
        if self.table["path"].to_pylist() != paths:
            folder = Path(shards[0]).parent
            raise InputError(f"{folder} caches other images than are listed; delete the folder {folder} and run again")

    @classmethod
    def of_list(cls, images: pa.Table, shards: Sequence[str], settings: dict) -> "ImageCache":
        """Those of the table of images. settings: configuration values by dotted key."""
        return cls(list(shards), images["path"].to_pylist(), settings["images.resize"], settings["images.interpolation"])

    def __reduce__(self):
        """A worker process maps the files itself."""
        return ImageCache, (self.shards, self.paths, self.side, self.interpolation)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Resized:
        width, height, pixels = (self.table[name][index] for name in ("width", "height", "pixels"))
        if not pixels.is_valid:
            return resized(open_rgb(self.paths[index]), self.side, self.interpolation)
        square = np.frombuffer(pixels.as_buffer(), np.uint8).reshape(self.side, self.side, 3)
        return Resized(Image.fromarray(square), (width.as_py(), height.as_py()))


def _opened(shard: Path, kind: pa.Schema) -> pa.Table:
    """A shard's rows, mapped; raises InputError when the file is damaged or of another kind."""
    try:
        table = pa.ipc.open_file(pa.memory_map(str(shard))).read_all()
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(
            f"{shard} is no readable part of the image cache; delete the folder {shard.parent} and run again"
        ) from error
    if not table.schema.equals(kind, check_metadata=True):
        side, interpolation = (kind.metadata[key].decode() for key in (b"side", b"interpolation"))
        raise InputError(
            f"{shard} does not hold images of {side} x {side} pixels ({interpolation}); "
            f"delete the folder {shard.parent} and run again"
        )
    return table
