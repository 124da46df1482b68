"""Image sources and the manifest, on real JPEG files."""

import hashlib
import shutil
import tarfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest
import scipy.io
from PIL import ExifTags, Image
from torchvision.datasets import imagenet
from torchvision.datasets.folder import default_loader

import list_images
from scalestream.errors import InputError
from scalestream.images.listing import inspect, manifest, require_classes
from scalestream.images.loading import open_rgb
from scalestream.images.sources import DEVKIT, LabelledFile, files_below, find, imagenet_wnids, left_out


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


@pytest.fixture
def linked(tmp_path, real_files):
    """A function that lays an image folder of classes, of which some are links to folders elsewhere."""

    def lay(classes: dict[str, bool]):
        root = tmp_path / "images"
        for name, is_link in classes.items():
            folder = tmp_path / "stored" / name if is_link else root / name
            folder.mkdir(parents=True)
            shutil.copy(real_files[0], folder / "1.JPEG")
            root.mkdir(exist_ok=True)
            if is_link:
                (root / name).symlink_to(folder)
        return root

    return lay


@pytest.mark.parametrize("classes", [{"a": True, "b": True}, {"a": True, "b": False}])
def test_class_folders_may_be_links(linked, classes):
    root = linked(classes)
    files = find("class_folders", str(root))
    assert [(file.path, file.wnid, file.class_index) for file in files] == [
        (root / "a" / "1.JPEG", "a", 0),
        (root / "b" / "1.JPEG", "b", 1),
    ]
    assert set(files_below(root)) == {file.path for file in files}
    assert inspect(files[0])["path"] == str(root / "a" / "1.JPEG")


def test_a_link_that_leads_back_ends(linked):
    root = linked({"a": True, "b": False})
    (root / "b" / "back").symlink_to(root)
    (root / "a" / "itself").symlink_to("itself")
    (root / "a" / "nowhere").symlink_to("gone")
    (root / "a" / "other").symlink_to(root / "b")
    assert set(files_below(root)) == {root / "a" / "1.JPEG", root / "b" / "1.JPEG"}
    assert len(find("class_folders", str(root))) == 2
    (root / "c").symlink_to(root.parent)
    with pytest.raises(InputError, match=r"images\.root: the link .*/images/c leads back to .*, which it is in; remove it"):
        find("class_folders", str(root))


def test_a_folder_has_one_class(linked):
    root = linked({"a": True})
    (root / "b").symlink_to("a")
    with pytest.raises(InputError, match="the class folders .*/images/a and .*/images/b are one folder, .*/stored/a; "):
        find("class_folders", str(root))


def test_a_folder_that_is_no_wnid_is_named(tmp_path):
    (tmp_path / "cats").mkdir()
    with pytest.raises(InputError, match="cats in .* is not the wnid of an ImageNet class; set images.source to class_folders"):
        find("wnid_folders", str(tmp_path))


def test_a_folder_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    """Root may read anything, so that the refusal is a stand-in."""
    for name in ("cats", "dogs"):
        (tmp_path / name).mkdir()
    listed = Path.iterdir

    def refused(folder: Path):
        if folder.name == "dogs":
            raise PermissionError(13, "Permission denied", str(folder))
        return listed(folder)

    monkeypatch.setattr(Path, "iterdir", refused)
    with pytest.raises(InputError, match=r"images.root: .*dogs cannot be read \(Permission denied\); make it readable"):
        find("class_folders", tmp_path)


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


@pytest.fixture
def oddly_named(tmp_path, real_files):
    """Files whose names are not UTF-8 or have a line break, of which one is empty, and what is no image beside them."""
    folder = tmp_path / "images" / "a"
    (folder / "deeper").mkdir(parents=True)
    for name in ("bad\udcff.jpeg", "two\nlines.jpeg", "grün.jpeg"):
        shutil.copy(real_files[0], folder / name)
    (folder / "no\n\u2028image.jpeg").touch()
    Image.open(real_files[0]).save(folder / "an.GIF")
    for name in ("b\udcff.gif", "notes", ".hidden.gif"):
        (folder / name).touch()
    return tmp_path / "images"


def test_odd_file_names_are_named_in_one_line(oddly_named):
    with pytest.raises(InputError, match="2 unreadable image file") as error:
        manifest(find("class_folders", str(oddly_named)), skip_unreadable=False, threads=1)
    message = str(error.value)
    assert r"/images/a/bad\xff.jpeg (its name is not UTF-8; rename it)" in message and message.encode()
    assert r"/images/a/no\n\u2028image.jpeg (cannot identify" in message and len(message.splitlines()) == 1


def test_what_is_left_out_is_counted_and_named(oddly_named, tmp_path, caplog):
    files = [str(tmp_path / name) for name in ("images.parquet", "skipped_images.txt")]
    settings = {"images.source": "class_folders", "images.root": str(oddly_named), "images.skip_unreadable": True}
    output = SimpleNamespace(images=files[0], skipped=files[1])
    list_images.main(SimpleNamespace(params=SimpleNamespace(settings=settings), threads=1, output=output))
    found = pq.read_table(files[0])["path"].to_pylist()
    assert found == [str(oddly_named / "a" / name) for name in ("grün.jpeg", "two\nlines.jpeg")]
    assert open_rgb(found[1]).size
    said = Path(files[1]).read_text().replace(f"{oddly_named}/a/", "").splitlines()
    assert said[0] == "2 unreadable image files left out" and len(said) == 8
    assert said[1] == r"bad\xff.jpeg (its name is not UTF-8; rename it)" and said[2].startswith(r"no\n\u2028image.jpeg (cannot")
    assert said[3] == "4 others not taken for images, by their names: 2 .gif, 1 folder, 1 no suffix"
    assert said[4:] == ["an.GIF", r"b\xff.gif", "deeper", "notes"]
    assert f"not taken for images: 2 .gif, 1 folder, 1 no suffix; {files[1]} names them" in caplog.messages


def test_images_beside_their_class_folders_are_named(tmp_path, ilsvrc, real_files):
    root = tmp_path / "images"
    (root / "a").mkdir(parents=True)
    for folder in (root, root / "a"):
        shutil.copy(real_files[0], folder / "1.jpeg")
    assert left_out("class_folders", root, find("class_folders", root)) == [root / "1.jpeg"]
    (ilsvrc / "val").mkdir()
    shutil.copy(real_files[0], ilsvrc / "val" / "ILSVRC2012_val_00000001.JPEG")
    for name in ("train", "val/ILSVRC2012_val_00000002.gif"):
        (ilsvrc / name).mkdir()
    found = left_out("ilsvrc", ilsvrc, find("ilsvrc", ilsvrc))
    assert found == [ilsvrc / "train", ilsvrc / "val/ILSVRC2012_val_00000002.gif"]


def test_a_folder_of_gifs_says_which_files_are_images(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.gif").touch()
    with pytest.raises(InputError, match=r"holds no image \(\.bmp, \.jpeg, \.jpg, .*\) for images\.source 'class_folders'"):
        find("class_folders", tmp_path)


def test_an_orientation_in_exif_is_left_alone_as_by_torchvision(tmp_path, real_files):
    """The pixels are those of the file as it is stored, with every one of EXIF's orientations."""
    stored, size = real_files[0].read_bytes(), Image.open(real_files[0]).size
    assert size[0] != size[1]
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = orientation
        turned = tmp_path / f"{orientation}.jpeg"
        block = exif.tobytes()
        turned.write_bytes(stored[:2] + b"\xff\xe1" + (len(block) + 2).to_bytes(2) + block + stored[2:])
        assert Image.open(turned).getexif()[ExifTags.Base.Orientation] == orientation
        assert np.array_equal(open_rgb(turned), open_rgb(real_files[0]))
        assert np.array_equal(open_rgb(turned), default_loader(turned))
        row = inspect(LabelledFile(turned, "a", 0))
        assert (row["width"], row["height"]) == size


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
    (ilsvrc / "val").exists() or (ilsvrc / "val").symlink_to(".")
    assert find("ilsvrc", str(ilsvrc)) == files


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
