"""Where the image files and their classes come from."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scalestream.errors import InputError

SUFFIXES = {".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".tif", ".tiff", ".webp"}
DRAWN = {  # what draws the images, by source
    "demo": "scalestream.images.demo:write_images",
    "gratings": "scalestream.images.gratings:write_images",
}
DEVKIT = "ILSVRC2012_devkit_t12.tar.gz"


@dataclass(frozen=True)
class LabelledFile:
    """An image file with its class: the wnid, or for other data than ImageNet the class folder's name."""

    path: Path
    wnid: str
    class_index: int


def find(source: str, root: str) -> list[LabelledFile]:
    """The image files of a source with their classes, sorted by path.

    source: "wnid_folders", "class_folders" or "ilsvrc". Raises InputError where the folder is not of that kind.
    """
    files = sorted(
        {"wnid_folders": _wnid_folders, "class_folders": _class_folders, "ilsvrc": _ilsvrc}[source](Path(root)),
        key=lambda file: file.path,
    )
    if not files:
        raise InputError(f"images.root: {root} holds no image for images.source {source!r}; give the folder of the images")
    return files


def imagenet_wnids() -> list[str]:
    """The wnids of ImageNet's 1,000 classes, in the order of the class index."""
    from timm.data import ImageNetInfo

    return ImageNetInfo("imagenet-1k").label_names()


def _folders(root: Path) -> list[Path]:
    return sorted(entry for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith("."))


def _files(folder: Path) -> list[Path]:
    return [entry for entry in folder.iterdir() if entry.suffix.lower() in SUFFIXES and not entry.name.startswith(".")]


def _wnid_folders(root: Path) -> Iterator[LabelledFile]:
    index = {wnid: number for number, wnid in enumerate(imagenet_wnids())}
    for folder in _folders(root):
        if folder.name not in index:
            raise InputError(
                f"images.root: {folder.name} in {root} is not the wnid of an ImageNet class; "
                "set images.source to class_folders for other data"
            )
        yield from (LabelledFile(path, folder.name, index[folder.name]) for path in _files(folder))


def _class_folders(root: Path) -> Iterator[LabelledFile]:
    for number, folder in enumerate(_folders(root)):
        yield from (LabelledFile(path, folder.name, number) for path in _files(folder))


def _ilsvrc(root: Path) -> Iterator[LabelledFile]:
    """The flat validation set, in `root` or its folder `val`; file number n has line n of the devkit's ground truth."""
    truth = _ground_truth(root)
    index = {wnid: number for number, wnid in enumerate(imagenet_wnids())}
    for path in [*_files(root), *(_files(root / "val") if (root / "val").is_dir() else [])]:
        number = path.stem.rpartition("_")[2]
        if not path.stem.startswith("ILSVRC2012_val_") or not number.isdigit() or not 1 <= int(number) <= len(truth):
            raise InputError(f"images.root: {path} is not one of the {len(truth)} ILSVRC2012_val images; move it away")
        wnid = truth[int(number) - 1]
        yield LabelledFile(path, wnid, index[wnid])


def _ground_truth(root: Path) -> list[str]:
    """The wnid of every validation image, read by torchvision, which needs a folder that it may write to."""
    from torchvision.datasets.imagenet import load_meta_file, parse_devkit_archive

    archive = (root / DEVKIT).resolve()
    with tempfile.TemporaryDirectory() as folder:
        try:
            parse_devkit_archive(folder, str(archive))
        except RuntimeError as error:
            raise InputError(f"images.root: {root / DEVKIT} is missing or damaged; put ImageNet's devkit there") from error
        return load_meta_file(folder)[1]
