"""The cache of resized images against PIL and torchvision on real JPEG files, and how a cache that is no good is met."""

import multiprocessing
import os
import pickle
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
import torch
from PIL import Image
from torchvision import transforms

from scalestream.errors import InputError
from scalestream.images import cache as module
from scalestream.images.cache import ImageCache, require_space, shard_rows, write, write_list
from scalestream.images.loading import ImageFiles, ScaleTransformedImages, batches


def cached(folder: Path, files: list[Path], side: int = 256, shards: int = 3) -> tuple[list[str], list[str]]:
    """The shards of a cache of the files, and the files' paths."""
    paths = [str(file) for file in files]
    names = []
    for shard in range(shards):
        rows = shard_rows(len(paths), shard, shards)
        names.append(str(folder / f"{shard}-of-{shards}.arrow"))
        write(names[-1], ImageFiles(paths[rows.start : rows.stop], side))
    return names, paths


@pytest.fixture(scope="module")
def cache(tmp_path_factory, real_images) -> ImageCache:
    """All 200 real images."""
    return ImageCache(*cached(tmp_path_factory.mktemp("cache"), sorted(real_images.glob("*/*.JPEG"))), 256)


def test_the_cache_holds_what_pil_gives(cache):
    assert len(cache) == len(cache.paths) == 200
    plain = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(256)])
    for image, path in zip(cache, cache.paths):
        original = Image.open(path).convert("RGB")
        assert np.array_equal(image.square, plain(original)) and image.size == transforms.Resize(256)(original).size


@pytest.mark.parametrize("convention", ["paper", "author_code"])
def test_every_view_from_the_cache_is_the_one_from_the_file(cache, convention):
    """Pixel for pixel, with plain torchvision transforms on the file."""
    percents = [0, 10, 20, 30, 40, 50]
    sides = {"paper": [224, 231, 205, 180, 154, 128], "author_code": [224, 201, 179, 156, 134, 112]}[convention]
    views = ScaleTransformedImages(cache, [0] * len(cache), percents, 224, convention)
    for (found, _), path in zip(batches(views, 1, workers=1), cache.paths, strict=True):
        original = Image.open(path).convert("RGB")
        for view, side in zip(found[0], sides):
            expected = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(side), transforms.Resize(224)])(
                original
            )
            assert np.array_equal(view.permute(1, 2, 0), expected), (path, side)


def test_worker_processes_map_the_files_themselves(cache):
    assert len(pickle.dumps(cache)) < 30_000
    views = ScaleTransformedImages(cache, list(range(len(cache))), [20], 224)
    spawned = torch.utils.data.DataLoader(
        views, 50, num_workers=2, multiprocessing_context=multiprocessing.get_context("spawn")
    )
    for (one, labels), (other, _) in zip(batches(views, 50, workers=1), spawned, strict=True):
        assert torch.equal(one, other) and len(labels) == 50


def test_shards_cover_every_image_once():
    for count in (0, 1, 7, 200):
        for shards in (1, 3, 8):
            rows = [list(shard_rows(count, shard, shards)) for shard in range(shards)]
            assert sum(rows, []) == list(range(count)) and max(map(len, rows)) - min(map(len, rows)) <= 1


def test_a_list_without_pixels_is_decoded(tmp_path, real_files):
    shards, paths = cached(tmp_path, real_files, side=64, shards=1)
    write_list(tmp_path / "list.arrow", ImageFiles(paths, 64))
    assert (tmp_path / "list.arrow").stat().st_size < 10_000
    for one, other in zip(ImageCache(shards, paths, 64), ImageCache([str(tmp_path / "list.arrow")], paths, 64), strict=True):
        assert one.size == other.size and np.array_equal(one.square, other.square)


def truncate(shard: Path, _) -> None:
    os.truncate(shard, shard.stat().st_size // 2)


def empty(shard: Path, _) -> None:
    shard.write_bytes(b"")


def remove(shard: Path, _) -> None:
    shard.unlink()


def of_another_size(shard: Path, paths: list[str]) -> None:
    write(shard, ImageFiles(paths, 32))


def of_other_images(shard: Path, paths: list[str]) -> None:
    write(shard, ImageFiles(paths[:1], 64))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (truncate, "1-of-3.arrow is no readable part of the image cache"),
        (empty, "1-of-3.arrow is no readable part of the image cache"),
        (remove, "1-of-3.arrow is no readable part of the image cache"),
        (of_another_size, "1-of-3.arrow does not hold images of 64 x 64 pixels"),
        (of_other_images, "caches other images than are listed"),
    ],
)
def test_a_cache_that_is_no_good_is_named_and_not_read(tmp_path, real_files, spoil, message):
    shards, paths = cached(tmp_path, real_files, side=64)
    spoil(tmp_path / "1-of-3.arrow", paths)
    with pytest.raises(InputError, match=message) as error:
        ImageCache(shards, paths, 64)
    assert f"delete the folder {tmp_path} and run again" in str(error.value) and "\n" not in str(error.value)


def test_an_image_that_has_gone_leaves_nothing_behind(tmp_path, real_files):
    with pytest.raises(InputError, match="gone.JPEG was readable"):
        write(tmp_path / "0-of-1.arrow", ImageFiles([str(real_files[0]), str(tmp_path / "gone.JPEG")], 64))
    assert not list(tmp_path.iterdir())


def test_the_disk_that_is_needed_is_said(tmp_path, monkeypatch, caplog):
    (tmp_path / "0-of-8.arrow").write_bytes(bytes(3_000_000))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=9_827_400_000))
    with caplog.at_level("INFO"):
        require_space(tmp_path, 50_000, 256)  # 9,830,400,000 bytes, of which 3 MB are there
    assert caplog.messages == [f"the cache of all 50000 images takes 9.83GB of disk in {tmp_path}; 9.83GB are free"]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000_000_000))
    with pytest.raises(InputError, match="needs 9.83GB more and 1.00GB are free; make room, or set images.cache to false"):
        require_space(tmp_path, 50_000, 256)


def test_shards_are_uncompressed_and_mapped(tmp_path, real_files):
    """Reading a shard takes no memory of its own."""
    cached(tmp_path, real_files, side=256, shards=1)
    before = pa.total_allocated_bytes()
    table = module._opened(tmp_path / "0-of-1.arrow", module.schema(256, "bilinear"))
    assert table["pixels"].nbytes >= len(real_files) * 3 * 256**2 and pa.total_allocated_bytes() - before < 10_000
