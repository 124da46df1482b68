"""torchvision's ResNets: what their weights expect, and the files that they are published in."""

import re

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import models, transforms
from torchvision.transforms import InterpolationMode

from scalestream.networks.architectures import FAMILIES, architecture, description
from scalestream.networks.interface import Preprocessing

FAMILY = "scalestream.networks.families.torchvision_resnet:TorchvisionResNet"
NAMES = FAMILIES[FAMILY]
V1, V2 = "IMAGENET1K_V1", "IMAGENET1K_V2"

# The digits in the names of torchvision's files.
DIGITS = {
    "resnet18": {V1: "f37072fd"},
    "resnet34": {V1: "b627a593"},
    "resnet50": {V1: "0676ba61", V2: "11ad3fa6"},
    "resnet101": {V1: "63fe2227", V2: "cd907fc2"},
    "resnet152": {V1: "394f9c45", V2: "f82ba261"},
    "wide_resnet50_2": {V1: "95faca4d", V2: "9ba9bcbe"},
    "wide_resnet101_2": {V1: "32ee1156", V2: "d733dc28"},
    "resnext50_32x4d": {V1: "7cdf4587", V2: "1a0047aa"},
    "resnext101_32x8d": {V1: "8ba56ff5", V2: "110c445d"},
    "resnext101_64x4d": {V1: "173b62eb"},
}


@pytest.mark.parametrize("name", NAMES)
def test_weights_their_sizes_and_their_files(name):
    """Of 224 pixels, from 256 with the first recipe and from 232 with that of 2021, which resnext101_64x4d alone has as V1."""
    family = architecture(name)
    found = family.weights()
    assert {weights: family.published_digest(weights) for weights in found} == DIGITS[name]
    assert found == description(name).weights
    for weights, expected in found.items():
        recent = weights == V2 or name == "resnext101_64x4d"
        assert expected == Preprocessing(resize=232 if recent else 256)
        assert (expected.crop, expected.interpolation) == (224, "bilinear")
        assert (expected.mean, expected.std) == ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


@pytest.mark.parametrize(("name", "weights"), [("resnet50", V1), ("resnet50", V2), ("resnext101_64x4d", V1)])
def test_images_that_are_prepared_so_are_those_of_torchvisions_own_transforms(name, weights):
    expected = architecture(name).weights()[weights]
    ours = transforms.Compose(
        [
            transforms.Resize(expected.resize, InterpolationMode(expected.interpolation)),
            transforms.CenterCrop(expected.crop),
            transforms.ToTensor(),
            transforms.Normalize(expected.mean, expected.std),
        ]
    )
    pixels = np.random.default_rng(0).integers(0, 256, (300, 417, 3), dtype=np.uint8)
    image = Image.fromarray(pixels).resize((834, 600), Image.Resampling.BICUBIC)
    assert torch.equal(ours(image), models.get_model_weights(name)[weights].transforms()(image))


def test_the_network_is_torchvisions_with_any_number_of_classes():
    for classes in (None, 7):
        torch.manual_seed(0)
        ours = architecture("resnet18").build(classes)
        torch.manual_seed(0)
        plain = models.resnet18(num_classes=classes or 1000)
        assert type(ours) is type(plain) and ours.fc.out_features == (classes or 1000)
        assert all(torch.equal(ours.state_dict()[name], value) for name, value in plain.state_dict().items())


def test_the_family_holds_all_of_torchvisions_resnets():
    listed = [name for name in models.list_models(models) if re.match(r"resnet|resnext|wide_resnet", name)]
    assert sorted(NAMES) == sorted(listed)
