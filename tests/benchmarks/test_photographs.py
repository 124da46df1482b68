"""The JPEG files that tests and benchmarks read."""

from PIL import Image

import photographs


def test_they_are_as_various_as_imagenets(tmp_path):
    photographs.write(tmp_path, 200)
    images = [Image.open(path) for path in tmp_path.glob("*/*.JPEG")]
    sizes = [image.size for image in images]
    assert len(images) == 200 and {image.format for image in images} == {"JPEG"}
    assert sum(image.mode == "L" for image in images) == 3
    assert sum(300 <= width <= 640 and 300 <= height <= 640 for width, height in sizes) == 189
    assert sum(max(size) < 250 for size in sizes) == 10 and max(sizes) == (1280, 1024)
    assert 30 < sum(width < height for width, height in sizes) < 70


def test_they_are_the_same_in_every_call(tmp_path):
    for folder in ("one", "other"):
        photographs.write(tmp_path / folder, 20)
    one, other = (sorted((tmp_path / folder).glob("*/*.JPEG")) for folder in ("one", "other"))
    assert [path.name for path in one] == [path.name for path in other]
    contents = [path.read_bytes() for path in one]
    assert contents == [path.read_bytes() for path in other] and len(set(contents)) == 20
