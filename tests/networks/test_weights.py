"""Networks with weights: against torchvision's, and weights that are refused, fetched or recognised."""

import hashlib
import json
import os
import pickle
import re
from argparse import Namespace
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional as F
from torchvision.models import ResNet18_Weights, resnet18

import resolve_model
from conftest import enlivened, randomized
from scalestream.errors import InputError
from scalestream.networks.architectures import architecture, description
from scalestream.networks.manifest import Manifest
from scalestream.networks.weights import build, permuted_network, published_name, random_network, resolve, save, with_weights

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


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: {"epoch": 3, "arch": "resnet18", "state_dict": state, "optimizer": {"lr": 0.1}},
        lambda state: {"model": state, "epoch": 3},
        lambda state: {f"module.{name}": value for name, value in state.items()},
        lambda state: {"state_dict": {f"module.{name}": value for name, value in state.items()}, "flags": ["a"]},
    ],
)
def test_a_trainings_checkpoint_gives_the_same_network(tmp_path, wrap):
    network = randomized("small", 7)
    torch.save(wrap(network.state_dict()), tmp_path / "checkpoint.pth")
    assert torch.equal(resolve("small", str(tmp_path / "checkpoint.pth"))(IMAGES), network(IMAGES))


def test_only_names_that_all_begin_with_module_lose_it(tmp_path):
    state = randomized("small", 7).state_dict()
    torch.save(state | {"module.fc.weight": state["fc.weight"]}, tmp_path / "weights.pth")
    with pytest.raises(InputError, match=r"it holds module\.fc\.weight, which the network does not have"):
        resolve("small", str(tmp_path / "weights.pth"))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_of_another_precision_are_those_in_single_precision(tmp_path, dtype):
    """Of torchvision's published files two are in half precision."""
    network = randomized("small", 7)
    state = {name: value.to(dtype) if value.is_floating_point() else value for name, value in network.state_dict().items()}
    torch.save(state, tmp_path / "weights.pth")
    save_file(state, tmp_path / "weights.safetensors")
    network.load_state_dict({name: value.float() for name, value in state.items()})
    for file in ("weights.pth", "weights.safetensors"):
        loaded = resolve("small", str(tmp_path / file))
        assert all(parameter.dtype == torch.float32 for parameter in loaded.parameters())
        assert torch.equal(loaded(IMAGES), network(IMAGES))


@pytest.mark.parametrize(
    ("name", "other", "message"),
    [
        ("resnet18", "resnet34", r"it holds layer1\.2\.conv1\.weight, which the network does not have"),
        ("resnet34", "resnet18", r"layer1\.2\.conv1\.weight is missing"),
        ("resnet18", "resnet50", r"layer1\.0\.conv1\.weight has shape \(64, 64, 1, 1\), the network needs \(64, 64, 3, 3\)"),
        (
            "resnet50",
            "resnext50_32x4d",
            r"layer1\.0\.conv1\.weight has shape \(128, 64, 1, 1\), the network needs \(64, 64, 1, 1\)",
        ),
        ("resnet18", "small", r"conv1\.weight has shape \(16, 3, 7, 7\), the network needs \(64, 3, 7, 7\)"),
        ("cornet_s", "resnet18", r"V1\.conv1\.weight is missing"),
        ("small", "cornet_s", r"conv1\.weight is missing"),
    ],
)
def test_weights_of_another_network_are_refused_in_one_line(name, other, message):
    with pytest.raises(InputError) as error:
        with_weights(description(name), build(other).state_dict(), "weights.pth")
    expected = f"model.weights: weights.pth does not fit {name}: {message}; give weights of {name}"
    assert re.fullmatch(expected, str(error.value))


class Hostile:
    """What runs code when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("run",)


def scripted(path: Path) -> None:
    torch.jit.script(nn.Linear(2, 2)).save(path)


CUT_OFF = "it is empty, cut off or of another format"


@pytest.mark.filterwarnings("ignore:::torch", "ignore::UserWarning")  # of torch's ways to write and read such files
@pytest.mark.parametrize(
    ("write", "reason"),
    [
        (lambda path: path.write_bytes(b""), CUT_OFF),
        (lambda path: path.write_bytes(b"no weights"), CUT_OFF),
        (lambda path: torch.save({"model": {}}, path), "holds no plain state dict"),
        (
            lambda path: torch.save(nn.Linear(2, 2), path),
            "it holds torch.nn.modules.linear.Linear, which is code and no weights",
        ),
        (lambda path: torch.save({"args": Namespace(), "state_dict": {}}, path), "it holds argparse.Namespace, which is code"),
        (lambda path: torch.save(Hostile(), path), "it holds posix.mkdir, which is code and no weights"),
        (lambda path: path.write_bytes(pickle.dumps(Hostile())), CUT_OFF),
        (scripted, CUT_OFF),
        (lambda path: path.mkdir(), "Is a directory"),
    ],
)
def test_a_file_that_is_no_state_dict_is_refused_without_bad_advice(tmp_path, monkeypatch, write, reason):
    """torch advises `weights_only=False`, which would run the code in it."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "weights.pth")
    with pytest.raises(InputError, match="state dict") as error:
        resolve("small", "weights.pth")
    message = str(error.value)
    assert reason in message and "\n" not in message and "weights_only" not in message and "trust" not in message
    assert message.endswith("; save one with torch.save(model.state_dict(), ...)") and not Path("run").exists()


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


BATCHES = [torch.randn(n, 3, 64, 64, generator=torch.Generator().manual_seed(n)) for n in (12, 8, 16)]


@pytest.fixture(scope="module")
def random():
    """Not to be changed."""
    return random_network("small", 5, BATCHES)


def test_random_weights_are_hes(random):
    """Normal with a variance of 2 over the inputs of a neuron (He et al. 2015); gains one, biases zero."""
    checked = 0
    for module in random.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            weight = module.weight.numpy().astype(np.float64).ravel()
            deviation = np.sqrt(2 / module.weight[0].numel())
            assert abs(weight.std() / deviation - 1) < 5 / np.sqrt(2 * weight.size)
            assert abs(weight.mean()) < 5 * deviation / np.sqrt(weight.size)
            assert abs((weight**4).mean() / deviation**4 - 3) < 5 * np.sqrt(96 / weight.size)
            checked += weight.size
        if isinstance(module, nn.BatchNorm2d):
            assert (module.weight == 1).all()
        if getattr(module, "bias", None) is not None:
            assert (module.bias == 0).all()
    assert checked > 1e5
    assert not random.training and not any(parameter.requires_grad for parameter in random.parameters())


def statistics(maps: list[torch.Tensor]) -> tuple[np.ndarray, np.ndarray]:
    """Of a channel: the mean over batches of their means, and of their variances, in float64; maps: (N, C, H, W)."""
    batches = [each.numpy().astype(np.float64).transpose(1, 0, 2, 3).reshape(each.shape[1], -1) for each in maps]
    return np.mean([each.mean(axis=1) for each in batches], axis=0), np.mean(
        [each.var(axis=1, ddof=1) for each in batches], axis=0
    )


def test_batch_norms_have_the_statistics_of_their_inputs(random):
    """The first by hand; the others from what a pass that normalises by batch gives them."""
    mean, variance = statistics([F.conv2d(batch, random.conv1.weight, stride=2, padding=3) for batch in BATCHES])
    np.testing.assert_allclose(random.bn1.running_mean, mean, rtol=0, atol=1e-5)
    np.testing.assert_allclose(random.bn1.running_var, variance, rtol=1e-4)

    plain, inputs = deepcopy(random), {}
    norms = {name: module for name, module in plain.named_modules() if isinstance(module, nn.BatchNorm2d)}
    for name, norm in norms.items():
        norm.track_running_stats, norm.running_mean, norm.running_var = False, None, None  # so that it takes the batch's own
        norm.register_forward_hook(lambda _m, args, _o, name=name: inputs.setdefault(name, []).append(args[0].clone()))
    for batch in BATCHES:
        plain(batch)
    assert len(inputs) == 20
    for name, maps in inputs.items():
        mean, variance = statistics(maps)
        norm = random.get_submodule(name)
        np.testing.assert_allclose(norm.running_mean, mean, rtol=0, atol=1e-4 * np.sqrt(variance.max()))
        np.testing.assert_allclose(norm.running_var, variance, rtol=1e-3)


def test_a_random_network_is_lively(random):
    """Otherwise than with statistics of 0 and 1, with which its maps and logits are of any size."""
    kept, images = {}, torch.randn(8, 3, 64, 64, generator=torch.Generator().manual_seed(9))
    network = deepcopy(random)
    for name, module in network.named_modules():
        if isinstance(module, nn.BatchNorm2d):
            module.register_forward_hook(lambda _m, _i, output, name=name: kept.update({name: output.clone()}))
    logits = network(images)
    for maps in kept.values():
        assert maps.mean().abs() < 0.3 and 0.7 < maps.std() < 1.3
        assert ((maps > 0).any(0).any(-1).any(-1)).all()  # no channel is silent for all images
    assert 0.05 < logits.std(dim=0).mean() and logits.std() < 100


def test_random_weights_follow_from_the_seed_alone(random):
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    again = random_network("small", 5, iter(BATCHES))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(torch.equal(again.state_dict()[name], value) for name, value in random.state_dict().items())
    other = random_network("small", 6, BATCHES)
    assert not any(torch.equal(mine, its) for mine, its in zip(convolutions(other), convolutions(random)))


def convolutions(network: nn.Module) -> list[torch.Tensor]:
    return [module.weight for module in network.modules() if isinstance(module, nn.Conv2d)]


def test_permuted_weights_are_the_same_ones_elsewhere():
    def trained():
        torch.manual_seed(0)
        return enlivened(build("small"))

    original, permuted, again = (
        trained(),
        permuted_network(trained(), 5, BATCHES),
        permuted_network(trained(), 5, iter(BATCHES)),
    )
    for own, moved in zip(convolutions(original), convolutions(permuted), strict=True):
        assert torch.equal(own.flatten().sort().values, moved.flatten().sort().values) and not torch.equal(own, moved)
    state = permuted.state_dict()
    assert all(torch.equal(state[name], value) for name, value in again.state_dict().items())
    assert torch.equal(state["layer1.0.bn1.weight"], original.state_dict()["layer1.0.bn1.weight"])
    mean, variance = statistics([permuted.conv1(batch) for batch in BATCHES])
    np.testing.assert_allclose(permuted.bn1.running_mean, mean, atol=1e-5)
    np.testing.assert_allclose(permuted.bn1.running_var, variance, rtol=1e-4)


def test_what_a_library_builds_at_zero_is_random_too():
    """timm begins with branches that are zero, of which no channel could be visualized."""
    network = random_network("timm:resnetv2_18", 0, [torch.randn(4, 3, 64, 64, generator=torch.Generator().manual_seed(0))])
    weights = convolutions(network)
    assert len(weights) == 21  # the last makes the logits
    assert all(abs(weight.std() / np.sqrt(2 / weight[0].numel()) - 1) < 0.05 for weight in weights)


@pytest.mark.parametrize("name", ["small", pytest.param("cornet_s", marks=pytest.mark.long)])
def test_a_saved_network_is_read_back_with_tensors_that_it_shares(tmp_path, name):
    torch.manual_seed(0)
    network = enlivened(build(name))
    digest = save(network, tmp_path / "weights.safetensors")
    assert digest == hashlib.sha256((tmp_path / "weights.safetensors").read_bytes()).hexdigest()
    state = load_file(tmp_path / "weights.safetensors")
    assert state.keys() == network.state_dict().keys()
    assert torch.equal(with_weights(description(name), state, "x")(IMAGES), network(IMAGES))


def test_tensors_that_have_two_names_are_saved_under_both(tmp_path):
    network = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    network[1].weight = network[0].weight
    save(network, tmp_path / "weights.safetensors")
    state = load_file(tmp_path / "weights.safetensors")
    assert state.keys() == network.state_dict().keys() and torch.equal(state["0.weight"], state["1.weight"])
    assert torch.equal(state["1.weight"], network[0].weight)
