"""Real JPEG files without a download: regions of photographs that scikit-learn and scikit-image ship, in ImageNet's folders."""

from collections.abc import Iterator
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from random import Random

from PIL import Image

from scalestream.images.sources import imagenet_wnids

SKLEARN, SKIMAGE = ("scikit-learn", "sklearn/datasets/images"), ("scikit-image", "skimage/data")
COLOUR = [
    (*SKLEARN, "china.jpg"),
    (*SKIMAGE, "astronaut.png"),
    (*SKIMAGE, "coffee.png"),
    (*SKIMAGE, "chelsea.png"),
    (*SKIMAGE, "rocket.jpg"),
    (*SKLEARN, "flower.jpg"),
    (*SKIMAGE, "motorcycle_left.png"),
    (*SKIMAGE, "retina.jpg"),
    (*SKIMAGE, "ihc.png"),
    (*SKIMAGE, "hubble_deep_field.jpg"),
    (*SKIMAGE, "brick.png"),
    (*SKIMAGE, "gravel.png"),
    (*SKIMAGE, "grass.png"),
]  # the last three are grey in three channels, as many files of ImageNet are
GREY = [(*SKIMAGE, "camera.png"), (*SKIMAGE, "coins.png"), (*SKIMAGE, "moon.png")]
LARGEST = 1280, 1024
QUALITY = 90


def write(folder: Path, count: int = 200) -> None:
    """Write `count` JPEG files <wnid>/<wnid>_<number>.JPEG, of classes evenly spread over ImageNet's; the same every time."""
    wnids = imagenet_wnids()
    for number, image in enumerate(_images(count)):
        wnid = wnids[number * len(wnids) // count]
        (folder / wnid).mkdir(parents=True, exist_ok=True)
        image.save(folder / wnid / f"{wnid}_{number}.JPEG", quality=QUALITY)


def _images(count: int) -> Iterator[Image.Image]:
    """Regions of the photographs in turn; one of 60 is greyscale, one of 20 small, one in all very large."""
    random = Random(0)
    for number in range(count):
        if number % 60 == 30:
            photograph = _photograph("L", *GREY[number // 60 % len(GREY)])
        else:
            photograph = _photograph("RGB", *COLOUR[number % len(COLOUR)])
        yield _region(photograph, LARGEST if number == 7 else _size(number % 20 == 10, random), random)


@cache
def _photograph(mode: str, package: str, folder: str, name: str) -> Image.Image:
    """A photograph from an installed package's folder; the package is not imported."""
    return Image.open(distribution(package).locate_file(f"{folder}/{name}")).convert(mode)


def _size(small: bool, random: Random) -> tuple[int, int]:
    """Width and height of an image; one of four is upright."""
    shorter = random.randint(80, 160) if small else random.randint(300, 480)
    longer = random.randint(shorter, shorter * 3 // 2 if small else 640)
    return (shorter, longer) if random.random() < 1 / 4 else (longer, shorter)


def _region(photograph: Image.Image, size: tuple[int, int], random: Random) -> Image.Image:
    """A region of the size's shape, anywhere in the photograph and from a third of it to the whole, brought to the size."""
    scale = random.uniform(1 / 3, 1) * min(whole / part for whole, part in zip(photograph.size, size))
    width, height = (scale * part for part in size)
    left, top = random.uniform(0, photograph.width - width), random.uniform(0, photograph.height - height)
    return photograph.resize(size, Image.Resampling.LANCZOS, (left, top, left + width, top + height))
