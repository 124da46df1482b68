"""Where the image files and their classes come from."""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scalestream.errors import InputError, shown

SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp")
DRAWN = {  # what draws the images, by source
    "demo": "scalestream.images.demo:write_images",
    "gratings": "scalestream.images.gratings:write_images",
}
DRAWN_FOR_TRAINING = {  # what draws images to train with, by the scales that they are of
    "trained": "scalestream.images.demo:write_training_images_of_trained_scales",
    "all": "scalestream.images.demo:write_training_images",
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
        raise InputError(
            f"images.root: {root} holds no image ({', '.join(SUFFIXES)}) for images.source {source!r}; "
            "give the folder of the images"
        )
    return files


def left_out(source: str, root: str | Path, files: list[LabelledFile]) -> list[Path]:
    """What lies in the folders of a source's images and is none of them, sorted: files of other suffixes, and folders."""
    root = Path(root)
    folders = [root, *(_flat_folders(root) if source == "ilsvrc" else _folders(root))]
    known = {*folders, root / DEVKIT, *(file.path for file in files)}
    return sorted({entry for folder in folders for entry in _visible(folder)} - known)


def files_below(root: str | Path) -> Iterator[Path]:
    """Every file in a folder and in the folders below, the nearest first. Links are followed, and each real folder is entered
    once, so that a link that leads back ends."""
    folders, entered = [Path(root)], set()
    for folder in folders:
        if (real := os.path.realpath(folder)) not in entered:
            entered.add(real)
            _, below, files = next(os.walk(folder), (folder, [], []))
            folders += [folder / name for name in sorted(below)]
            yield from filter(Path.is_file, (folder / name for name in files))


def imagenet_wnids() -> list[str]:
    """The wnids of ImageNet's 1,000 classes, in the order of the class index."""
    from timm.data import ImageNetInfo

    return ImageNetInfo("imagenet-1k").label_names()


def _folders(root: Path) -> list[Path]:
    """The class folders, or links to such; raises InputError where links would give an image two classes, or lead back."""
    folders = sorted(entry for entry in _visible(root) if entry.is_dir())
    known: dict[Path, Path] = {}
    for folder in folders:
        real = folder.resolve()
        if root.resolve().is_relative_to(real):
            raise InputError(f"images.root: the link {shown(folder)} leads back to {shown(real)}, which it is in; remove it")
        if other := known.get(real):
            names = f"{shown(other)} and {shown(folder)}"
            raise InputError(f"images.root: the class folders {names} are one folder, {shown(real)}; remove a link")
        known[real] = folder
    return folders


def _flat_folders(root: Path) -> list[Path]:
    """The folders that the flat validation set may be in: `root` and its folder `val`."""
    val = root / "val"
    return [root, val] if val.is_dir() and not val.samefile(root) else [root]


def _files(folder: Path) -> list[Path]:
    return [entry for entry in _visible(folder) if entry.suffix.lower() in SUFFIXES]


def _visible(folder: Path) -> list[Path]:
    try:
        return [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
    except OSError as error:
        raise InputError(f"images.root: {shown(folder)} cannot be read ({error.strerror}); make it readable") from None


def _wnid_folders(root: Path) -> Iterator[LabelledFile]:
    index = {wnid: number for number, wnid in enumerate(imagenet_wnids())}
    for folder in _folders(root):
        if folder.name not in index:
            raise InputError(
                f"images.root: {shown(folder.name)} in {root} is not the wnid of an ImageNet class; "
                "set images.source to class_folders for other data"
            )
        yield from (LabelledFile(path, folder.name, index[folder.name]) for path in _files(folder))


def _class_folders(root: Path) -> Iterator[LabelledFile]:
    for number, folder in enumerate(_folders(root)):
        yield from (LabelledFile(path, folder.name, number) for path in _files(folder))


def _ilsvrc(root: Path) -> Iterator[LabelledFile]:
    """The flat validation set; file number n has line n of the devkit's ground truth."""
    truth = _ground_truth(root)
    index = {wnid: number for number, wnid in enumerate(imagenet_wnids())}
    for path in [path for folder in _flat_folders(root) for path in _files(folder)]:
        number = path.stem.rpartition("_")[2]
        if not path.stem.startswith("ILSVRC2012_val_") or not number.isdigit() or not 1 <= int(number) <= len(truth):
            raise InputError(f"images.root: {shown(path)} is not one of the {len(truth)} ILSVRC2012_val images; move it away")
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
