"""InceptionV1 beside Lucent's, and torchvision's GoogLeNet beside torchvision's own."""

import pytest
import torch
from lucent.modelzoo.inceptionv1.InceptionV1 import InceptionV1, model_urls
from lucent.optvis.transform import preprocess_inceptionv1
from torchvision.models import googlenet

from scalestream.errors import InputError
from scalestream.images.preprocessing import IMAGENET, Normalization, normalize
from scalestream.networks.architectures import architecture, description
from scalestream.networks.weights import build, fetch_weights, resolve


def prepared(name: str, images: torch.Tensor) -> torch.Tensor:
    (expected,) = description(name).weights.values()
    return normalize(images, Normalization(expected.mean, expected.std))


@pytest.fixture(scope="module")
def lucents():
    torch.manual_seed(0)
    return InceptionV1().eval()


def test_its_input_is_lucents():
    images = torch.rand(2, 3, 32, 32, dtype=torch.float64)
    torch.testing.assert_close(prepared("inception_v1", images), preprocess_inceptionv1()(images), rtol=1e-12, atol=1e-10)


@torch.no_grad()
def test_its_layers_and_outputs_are_lucents(lucents, tmp_path):
    """With weights from a file, as torch.save writes them; Lucent returns probabilities."""
    torch.save(lucents.state_dict(), tmp_path / "inception5h.pth")
    ours, kept = resolve("inception_v1", str(tmp_path / "inception5h.pth")), {}
    for name, network in (("ours", ours), ("lucents", lucents)):
        for layer in ("conv2d2", "mixed3a", "mixed5b"):
            network.get_submodule(layer).register_forward_hook(
                lambda _module, _inputs, output, key=(name, layer): kept.update({key: output})
            )
    images = torch.rand(2, 3, 224, 224)
    logits, probabilities = ours(prepared("inception_v1", images)), lucents(preprocess_inceptionv1()(images))
    torch.testing.assert_close(logits.softmax(1), probabilities)
    for layer in ("conv2d2", "mixed3a", "mixed5b"):
        torch.testing.assert_close(kept["ours", layer], kept["lucents", layer], rtol=1e-4, atol=1e-4)


def test_its_weights_come_from_lucents_address(monkeypatch, lucents):
    asked = []

    def load(url, **_):
        asked.append(url)
        return lucents.state_dict()

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", load)
    assert fetch_weights("inception_v1", "pretrained").keys() == build("inception_v1").state_dict().keys()
    assert asked == [model_urls["inceptionv1"]]

    def fail(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", fail)
    with pytest.raises(InputError, match="pretrained of inception_v1 cannot be fetched.*give the file as model.weights"):
        fetch_weights("inception_v1", "pretrained")


def test_what_is_known_of_it():
    """Channels as Szegedy et al. have them, but for 4a of the published network; fields of kernels and strides, by hand."""
    known = description("inception_v1")
    assert known.blocks == () and known.classifier == "softmax2_pre_activation_matmul"
    names = [f"mixed{name}" for name in ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b")]
    assert [known.layers[name].channels for name in names] == [256, 480, 508, 512, 512, 528, 832, 832, 1024]
    stem = 7 + 2 * 2 + 4 * 2 + 2 * 4  # conv 7, pool 3, conv 3, pool 3
    assert known.layers["mixed3a"].receptive_field == stem + 4 * 8 == 59
    assert known.layers["mixed3b"].receptive_field == 59 + 4 * 8
    assert known.layers["mixed4a"].receptive_field == 91 + 2 * 8 + 4 * 16
    assert build("inception_v1", 7)(torch.zeros(1, 3, 224, 224)).shape == (1, 7)


@torch.no_grad()
def test_googlenet_takes_halves_where_torchvisions_turns_imagenets_normalisation_into_them():
    torch.manual_seed(0)
    theirs = googlenet(init_weights=False, transform_input=True).eval()  # as torchvision makes it for its weights
    ours = architecture("googlenet").build().eval()
    ours.load_state_dict(theirs.state_dict())
    images = torch.rand(2, 3, 224, 224)
    torch.testing.assert_close(ours(prepared("googlenet", images)), theirs(normalize(images, IMAGENET)), rtol=1e-3, atol=1e-4)
    assert architecture("googlenet").published_digest("IMAGENET1K_V1") == "1378be20"
