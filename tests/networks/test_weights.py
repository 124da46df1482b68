"""Networks with weights: against torchvision's, and weights that are refused, fetched or recognised."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import save_file
from torchvision.models import ResNet18_Weights, resnet18

import resolve_model
from conftest import randomized
from scalestream.errors import InputError
from scalestream.networks.architectures import architecture, description
from scalestream.networks.manifest import Manifest
from scalestream.networks.weights import published_name, resolve, with_weights

IMAGES = torch.randn(2, 3, 96, 96, generator=torch.Generator().manual_seed(0))


def test_resnet18_is_torchvisions():
    torch.manual_seed(0)
    plain = resnet18().eval()
    ours = with_weights(description("resnet18"), plain.state_dict(), "x")
    assert list(ours.state_dict()) == list(plain.state_dict())
    torch.testing.assert_close(ours(IMAGES), plain(IMAGES))


def without(state, name):
    return {key: value for key, value in state.items() if key != name}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: without(state, "layer2.0.conv1.weight"), r"layer2\.0\.conv1\.weight is missing"),
        (
            lambda state: state | {"conv1.weight": torch.zeros(64, 3, 7, 7)},
            r"conv1\.weight has shape \(64, 3, 7, 7\), the network needs \(16, 3, 7, 7\)",
        ),
        (lambda state: state | {"fc.weight": state["fc.weight"].long()}, r"fc\.weight is not a plain tensor of floating-point"),
        (
            lambda state: state | {"fc.bias": torch.tensor(1.0)},
            r"fc\.bias has shape \(\), the network needs \(12,\)",
        ),
        (lambda state: state | {"extra": torch.zeros(1)}, "it holds extra, which the network does not have"),
        (lambda state: state | {"fc.weight": state["fc.weight"] * float("nan")}, r"fc\.weight holds NaN or infinite values"),
    ],
)
def test_weights_that_do_not_fit_are_refused(tmp_path, change, message):
    path = tmp_path / "weights.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in change(randomized("small", 12).state_dict()).items()}, path)
    with pytest.raises(InputError, match=message) as error:
        resolve("small", str(path))
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_counters_of_any_shape_are_no_reason_to_refuse(tmp_path):
    state = randomized("small", 12).state_dict() | {"bn1.num_batches_tracked": torch.zeros(3)}
    assert torch.equal(with_weights(description("small"), state, "x")(IMAGES), randomized("small", 12)(IMAGES))


def test_weights_that_cannot_be_fetched(monkeypatch):
    def fail(*_args, **_kwargs):
        raise OSError("no route to host")

    monkeypatch.setattr("torchvision.models.ResNet18_Weights.get_state_dict", fail)
    with pytest.raises(
        InputError, match=r"IMAGENET1K_V1 of resnet18 cannot be fetched \(no route to host\); fetch it elsewhere"
    ):
        resolve("resnet18", "IMAGENET1K_V1")


def test_a_torch_file_gives_the_same_network(tmp_path):
    network = randomized("small", 7)
    torch.save(network.state_dict(), tmp_path / "weights.pth")
    loaded = resolve("small", str(tmp_path / "weights.pth"))
    assert torch.equal(loaded(IMAGES), network(IMAGES)) and loaded.fc.out_features == 7


@pytest.mark.parametrize("content", [b"", b"no weights", None])
def test_a_file_that_is_no_state_dict_is_refused(tmp_path, content):
    path = tmp_path / "weights.pth"
    torch.save({"model": {}}, path) if content is None else path.write_bytes(content)
    with pytest.raises(InputError, match="state dict") as error:
        resolve("small", str(path))
    assert "\n" not in str(error.value)


def test_a_published_files_digits_are_those_in_its_address():
    """https://download.pytorch.org/models/resnet18-f37072fd.pth"""
    assert architecture("resnet18").published_digest("IMAGENET1K_V1") == "f37072fd"


@pytest.fixture
def file(tmp_path) -> Path:
    """A file of ResNet18's weights, for ImageNet's 1,000 classes."""
    path = tmp_path / "weights.pth"
    torch.save(randomized("resnet18", 1000).state_dict(), path)
    return path


@pytest.fixture
def published(file, monkeypatch) -> Path:
    """The file, as if torchvision published it: its sha256 begins with the digits in the address."""
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    address = f"https://example.org/models/resnet18-{digest[:8]}.pth"
    member = ResNet18_Weights.IMAGENET1K_V1
    monkeypatch.setattr(member, "_value_", replace(member.value, url=address))
    assert member.url == address
    return file


def test_a_copy_of_the_published_file_is_known_by_its_content(published, tmp_path):
    other = tmp_path / "renamed.pt"
    other.write_bytes(published.read_bytes())
    assert published_name("resnet18", str(published)) == published_name("resnet18", str(other)) == "IMAGENET1K_V1"
    assert published_name("small", str(published)) is None  # an architecture that nothing is published of


def test_another_file_is_not_taken_for_the_published_one(published, tmp_path):
    other = tmp_path / "other.pth"
    other.write_bytes(published.read_bytes() + b"\0")
    assert published_name("resnet18", str(other)) is None


def test_published_weights_have_their_own_name_and_what_is_no_file_none(file):
    assert published_name("resnet18", "IMAGENET1K_V1") == "IMAGENET1K_V1"
    assert published_name("small", "embedded") is None
    assert published_name("resnet18", str(file)) is None  # whose digits are not those of torchvision's address


def resolved(folder: Path, weights: Path) -> Manifest:
    """The manifest that the model's job writes for the weights, read back."""
    output = SimpleNamespace(weights=str(folder / "weights.safetensors"), manifest=str(folder / "manifest.json"))
    settings = {"model.architecture": "resnet18", "model.weights": str(weights)}
    resolve_model.main(SimpleNamespace(params=SimpleNamespace(settings=settings), output=output))
    manifest = Manifest.read(output.manifest)
    assert json.loads(Path(output.manifest).read_text())["published"] == manifest.published
    assert not any(parameter.requires_grad for parameter in manifest.load(output.weights).parameters())
    return manifest


def test_the_manifest_says_under_which_name_weights_are_published(published, tmp_path, caplog):
    with caplog.at_level("INFO"):
        manifest = resolved(tmp_path, published)
    assert (manifest.weights, manifest.published, manifest.classes) == (str(published), "IMAGENET1K_V1", 1000)
    assert caplog.messages == [f"{published} is the file of IMAGENET1K_V1"]


def test_the_manifest_of_other_weights_has_no_published_name(file, tmp_path, caplog):
    with caplog.at_level("INFO"):
        manifest = resolved(tmp_path, file)
    assert (manifest.weights, manifest.published) == (str(file), None) and not caplog.messages
