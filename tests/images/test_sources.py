"""Image sources and the manifest, on real JPEG files."""

import hashlib
import shutil
import tarfile

import numpy as np
import pytest
import scipy.io
from PIL import Image
from torchvision.datasets import imagenet

from scalestream.errors import InputError
from scalestream.images.listing import inspect, manifest, require_classes
from scalestream.images.sources import DEVKIT, find, imagenet_wnids


def test_class_indices_of_a_part_of_imagenet_are_those_among_all_classes(real_images):
    files = find("wnid_folders", str(real_images))
    assert len(files) == 200
    wnids = imagenet_wnids()
    assert len(wnids) == 1000 and wnids[0] == "n01440764" and wnids[999] == "n15075141"
    for file in files:
        assert file.path.parent.name == file.wnid == wnids[file.class_index]
    assert sorted(file.class_index for file in files) == list(range(0, 1000, 5))


def test_the_manifest_says_what_each_file_is(real_images):
    files = find("wnid_folders", str(real_images))
    rows, skipped = manifest(files, skip_unreadable=False, threads=2)
    assert len(rows) == 200 and skipped == []
    assert sorted({row["mode"] for row in rows}) == ["L", "RGB"] and sum(row["mode"] == "L" for row in rows) == 3
    for row, file in list(zip(rows, files, strict=True))[::20]:
        data = file.path.read_bytes()
        assert row["sha256"] == hashlib.sha256(data).hexdigest() and row["size"] == len(data)
        assert (row["width"], row["height"]) == Image.open(file.path).size
        assert (row["path"], row["wnid"], row["class_index"]) == (str(file.path), file.wnid, file.class_index)


def test_class_folders_are_numbered_in_order(tmp_path):
    for name in ("zebra", "apple", ".hidden"):
        (tmp_path / name).mkdir()
        Image.new("RGB", (8, 8)).save(tmp_path / name / "1.png")
    (tmp_path / "apple" / "notes.txt").write_text("not an image")
    assert [(file.wnid, file.class_index, file.path.name) for file in find("class_folders", str(tmp_path))] == [
        ("apple", 0, "1.png"),
        ("zebra", 1, "1.png"),
    ]


def test_a_folder_that_is_no_wnid_is_named(tmp_path):
    (tmp_path / "cats").mkdir()
    with pytest.raises(InputError, match="cats in .* is not the wnid of an ImageNet class; set images.source to class_folders"):
        find("wnid_folders", str(tmp_path))


def test_folders_without_images(tmp_path):
    (tmp_path / "n01440764").mkdir()
    (tmp_path / "n01440764" / "notes.txt").write_text("not an image")
    with pytest.raises(InputError, match="holds no image"):
        find("wnid_folders", str(tmp_path))


@pytest.fixture
def damaged(tmp_path, real_files):
    """Two classes of real files, with a truncated, an empty and a foreign file among them."""
    for wnid in ("n01440764", "n01496331"):
        (tmp_path / wnid).mkdir()
        shutil.copy(real_files[-1], tmp_path / wnid / "good.JPEG")
    data = real_files[-1].read_bytes()
    (tmp_path / "n01440764" / "truncated.JPEG").write_bytes(data[: len(data) // 2])
    (tmp_path / "n01440764" / "empty.JPEG").write_bytes(b"")
    (tmp_path / "n01496331" / "foreign.JPEG").write_text("hello")
    return tmp_path


def test_every_unreadable_file_is_named_in_one_line(damaged):
    with pytest.raises(InputError, match="3 unreadable image file") as error:
        manifest(find("wnid_folders", str(damaged)), skip_unreadable=False, threads=2)
    message = str(error.value)
    assert all(name in message for name in ("truncated.JPEG", "empty.JPEG", "foreign.JPEG", "images.skip_unreadable"))
    assert "good.JPEG" not in message and "\n" not in message


@pytest.mark.parametrize(("mode", "suffix"), [("I;16", "png"), ("I;16", "tif"), ("F", "tif")])
def test_files_of_more_than_8_bits_are_refused_not_clipped(tmp_path, mode, suffix):
    (tmp_path / "a").mkdir()
    values = np.linspace(0, 65535, 64 * 64).reshape(64, 64)
    Image.fromarray(values.astype(np.float32 if mode == "F" else np.uint16)).save(tmp_path / "a" / f"deep.{suffix}")
    with pytest.raises(InputError, match="has more than 8 bits a pixel; convert it to 8-bit RGB"):
        manifest(find("class_folders", str(tmp_path)), skip_unreadable=False, threads=1)


def test_a_file_name_that_is_not_utf8_is_named(tmp_path, real_files):
    (tmp_path / "a").mkdir()
    shutil.copy(real_files[0], tmp_path / "a" / "bad\udcff.jpeg")
    with pytest.raises(InputError, match="1 unreadable image file"):
        manifest(find("class_folders", str(tmp_path)), skip_unreadable=False, threads=1)


def test_unreadable_files_are_left_out_on_demand(damaged):
    rows, skipped = manifest(find("wnid_folders", str(damaged)), skip_unreadable=True, threads=2)
    assert [row["path"].rpartition("/")[2] for row in rows] == ["good.JPEG", "good.JPEG"]
    assert [row["wnid"] for row in rows] == ["n01440764", "n01496331"]
    assert len(skipped) == 3
    for file in damaged.glob("*/good.JPEG"):
        file.unlink()
    with pytest.raises(InputError, match="none of the 3 image files is readable"):
        manifest(find("wnid_folders", str(damaged)), skip_unreadable=True, threads=1)


def test_inspection_of_a_missing_file_says_so(tmp_path):
    from scalestream.images.sources import LabelledFile

    assert "No such file" in inspect(LabelledFile(tmp_path / "gone.jpg", "x", 0))


@pytest.fixture
def ilsvrc(tmp_path, real_files, monkeypatch):
    """A flat validation set of four files with a devkit archive of the real one's format.

    The devkit numbers the classes in an order of its own, which is not that of the wnids."""
    data = tmp_path / "kit" / "ILSVRC2012_devkit_t12" / "data"
    data.mkdir(parents=True)
    kind = [("ILSVRC2012_ID", "O"), ("WNID", "O"), ("words", "O"), ("gloss", "O"), ("num_children", "O")]
    synsets = np.array(
        [(1, "n01496331", "crampfish", "", 0), (2, "n01440764", "tench", "", 0), (3, "n00000000", "animal", "", 2)], dtype=kind
    )
    scipy.io.savemat(data / "meta.mat", {"synsets": synsets})
    (data / "ILSVRC2012_validation_ground_truth.txt").write_text("1\n2\n2\n1\n")
    root = tmp_path / "ilsvrc"
    root.mkdir()
    with tarfile.open(root / DEVKIT, "w:gz") as archive:
        archive.add(data.parent, arcname="ILSVRC2012_devkit_t12")
    monkeypatch.setitem(imagenet.ARCHIVE_META, "devkit", (DEVKIT, hashlib.md5((root / DEVKIT).read_bytes()).hexdigest()))
    return root


@pytest.mark.parametrize("folder", ["", "val"])
def test_the_flat_validation_set_with_its_devkit(ilsvrc, real_files, folder):
    (ilsvrc / folder).mkdir(exist_ok=True)
    for number in (1, 2, 4):  # also when a file is missing
        shutil.copy(real_files[0], ilsvrc / folder / f"ILSVRC2012_val_{number:08}.JPEG")
    files = find("ilsvrc", str(ilsvrc))
    assert [(file.path.stem[-1], file.wnid, file.class_index) for file in files] == [
        ("1", "n01496331", 5),
        ("2", "n01440764", 0),
        ("4", "n01496331", 5),
    ]
    assert not (ilsvrc / "meta.bin").exists()


def test_a_file_that_is_not_of_the_validation_set(ilsvrc, real_files):
    shutil.copy(real_files[0], ilsvrc / "ILSVRC2012_val_00000005.JPEG")
    with pytest.raises(InputError, match="00000005.JPEG is not one of the 4 ILSVRC2012_val images"):
        find("ilsvrc", str(ilsvrc))


def test_a_missing_devkit_is_named(tmp_path):
    with pytest.raises(InputError, match=f"{DEVKIT} is missing or damaged"):
        find("ilsvrc", str(tmp_path))


def test_classes_that_the_network_does_not_have():
    require_classes([0, 11], 12)
    with pytest.raises(InputError, match="class index 12 is beyond the network's 12 classes"):
        require_classes([3, 12], 12)
