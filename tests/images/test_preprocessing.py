"""Crops, resizes and S(X) against PIL and torchvision on real images."""

import math

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn.functional import interpolate
from torchvision import transforms

from scalestream.errors import InputError
from scalestream.images.geometry import scale_crop
from scalestream.images.loading import ImageFiles, ScaleTransformedImages, batches, open_rgb
from scalestream.images.preprocessing import magnify, network_input, normalize, resized, scale_transform, to_tensor

NORMALIZE = transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])


def pil_view(image: Image.Image, side: int, resize: int, crop: int) -> Image.Image:
    """The same view with PIL alone: shorter side to `resize`, center crop of `side`, bilinear resize to `crop`."""
    width, height = image.size
    if width <= height:
        image = image.resize((resize, int(resize * height / width)), Image.BILINEAR)
    else:
        image = image.resize((int(resize * width / height), resize), Image.BILINEAR)
    left, top = round((image.width - side) / 2), round((image.height - side) / 2)
    image = image.crop((left, top, left + side, top + side))
    return image if side == crop else image.resize((crop, crop), Image.BILINEAR)


@pytest.mark.parametrize("percent", [0, 10, 20, 30, 40, 50])
def test_views_of_real_images_equal_pil(real_files, percent):
    side = 224 if percent == 0 else 256 - math.floor(256 * percent / 100)
    for file in real_files:
        image = Image.open(file).convert("RGB")
        assert np.array_equal(scale_transform(resized(image, 256), percent, 224), pil_view(image, side, 256, 224))


def test_the_no_scale_input_is_torchvisions_standard_one(real_files):
    plain = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor(), NORMALIZE])
    views = ScaleTransformedImages(ImageFiles([str(file) for file in real_files], 256), list(range(len(real_files))), [0], 224)
    for number, ((images, labels), file) in enumerate(zip(batches(views, 1, workers=1), real_files, strict=True)):
        expected = plain(Image.open(file).convert("RGB"))[None]
        torch.testing.assert_close(network_input(images[:, 0], torch.device("cpu")), expected, rtol=0, atol=1e-6)
        assert labels.tolist() == [number]


def test_views_come_in_the_order_of_scales_and_files_with_workers_too(real_files):
    views = ScaleTransformedImages(
        ImageFiles([str(file) for file in real_files], 128), list(range(len(real_files))), [0, 50], 112
    )
    one = [images for images, _ in batches(views, 5, workers=1)]
    two = list(batches(views, 5, workers=2))
    assert torch.equal(torch.cat(one), torch.cat([images for images, _ in two]))
    assert torch.cat([labels for _, labels in two]).tolist() == list(range(len(real_files)))
    expected = scale_transform(resized(Image.open(real_files[3]).convert("RGB"), 128), 50, 112)
    assert np.array_equal(torch.cat(one)[3, 1].permute(1, 2, 0), expected)


def test_scale_crops_of_paper_and_author():
    assert [scale_crop(p, 256, 224) for p in (0, 10, 20, 30, 40, 50)] == [224, 231, 205, 180, 154, 128]
    assert [scale_crop(p, 256, 224, "author_code") for p in (0, 10, 20, 30, 40, 50)] == [
        224,
        *(int(224 * (1 - p / 100)) for p in (10, 20, 30, 40, 50)),
    ]
    assert scale_crop(10, 256, 224, "author_code") == 201


@pytest.mark.parametrize("long_side", range(64, 131))
def test_every_crop_of_the_square_is_the_crop_of_the_whole_resized_image(long_side):
    """Also where halves are rounded: torchvision's center crop of the whole image, for odd and even sides."""
    pixels = np.random.default_rng(long_side).integers(0, 256, (64, long_side, 3), dtype=np.uint8)
    for image in (Image.fromarray(pixels), Image.fromarray(pixels.transpose(1, 0, 2).copy())):
        for percent in range(100):
            side = 56 if percent == 0 else 64 - 64 * percent // 100
            expected = transforms.Resize(56)(transforms.CenterCrop(side)(transforms.Resize(64)(image)))
            assert np.array_equal(scale_transform(resized(image, 64), percent, 56), expected), (image.size, percent)


def test_magnification_crops_the_center_half_and_doubles_it(real_files):
    """Of the normalised tensor, in floating point, as the author does; Pillow, which rounds twice, agrees to a step."""
    image = pil_view(Image.open(real_files[-1]).convert("RGB"), 224, 256, 224)
    inputs = normalize(to_tensor(image)[None])
    for factor, (first, last) in {2: (56, 168), 4: (84, 140)}.items():
        expected = interpolate(inputs[..., first:last, first:last], size=(224, 224), mode="bilinear", align_corners=False)
        torch.testing.assert_close(magnify(inputs, factor), expected)
        rounded = normalize(to_tensor(image.crop((first, first, last, last)).resize((224, 224), Image.BILINEAR))[None])
        assert 1e-3 < (magnify(inputs, factor) - rounded).abs().max() < 1.05 / 255 / 0.224
    assert torch.equal(magnify(inputs, 1), inputs)


@pytest.mark.parametrize("factor", [1.5, 2, 4])
def test_about_the_middle_the_inside_is_the_papers(factor):
    """At the border the paper's sees nothing beyond its crop."""
    images = torch.randn(2, 3, 96, 96, dtype=torch.float64)
    inside = (..., slice(4, -4), slice(4, -4))
    torch.testing.assert_close(magnify(images, factor, about=47.5)[inside], magnify(images, factor)[inside])


@pytest.mark.parametrize("about", [20, 48, 64.5])
@pytest.mark.parametrize("factor", [0.5, 2, 2.5])
def test_magnification_about_a_pixel_keeps_it(factor, about):
    """What is drawn at row i comes from about + (i - about) / factor. Beyond the image lies the mean colour, 0."""
    images = torch.randn(1, 3, 80, 80, dtype=torch.float64)
    found, around = magnify(images, factor, about), np.pad(images.numpy(), ((0, 0), (0, 0), (100, 100), (100, 100)))
    sources = about + (np.arange(80) - about) / factor + 100
    above, part = np.floor(sources).astype(int), sources % 1
    rows = around[:, :, above] * (1 - part)[:, None] + around[:, :, above + 1] * part[:, None]
    expected = rows[..., above] * (1 - part) + rows[..., above + 1] * part
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    if about == int(about):
        torch.testing.assert_close(found[..., about, about], images[..., about, about])


def test_a_file_that_has_gone_is_named(tmp_path):
    with pytest.raises(InputError, match=r"go\\nne.jpg was readable when the images were listed and is not now"):
        open_rgb(str(tmp_path / "go\nne.jpg"))
    with pytest.raises(InputError) as error:  # in a worker process, too: job.run shows the last line
        list(batches(ScaleTransformedImages(ImageFiles([str(tmp_path / "gone.jpg")] * 2, 16), [0, 0], [0], 14), 1, workers=2))
    assert "gone.jpg was readable when the images were listed" in str(error.value).splitlines()[-1]


def test_normalisation_is_lucents():
    from lucent.optvis.transform import normalize as lucent_normalize

    images = torch.rand(3, 3, 8, 8)
    torch.testing.assert_close(normalize(images), lucent_normalize()(images))
    assert to_tensor(np.full((2, 2, 3), 255, dtype=np.uint8)).eq(1).all()
