"""timm's networks by name: what their weights expect, their weights from a file, and without a connection."""

import socket

import huggingface_hub
import pytest
import timm
import torch
from safetensors.torch import save_file
from torchvision.models import resnet18

from conftest import enlivened
from scalestream.errors import InputError
from scalestream.networks.architectures import architecture
from scalestream.networks.describing import describe
from scalestream.networks.interface import Preprocessing
from scalestream.networks.weights import fetch_weights, with_weights

IMAGES = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
HALF = (0.5, 0.5, 0.5)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("resnet50.a1_in1k", Preprocessing(235, 224, "bicubic")),
        ("resnet18.a1_in1k", Preprocessing(235, 224, "bicubic")),
        ("resnet50d.ra2_in1k", Preprocessing(256, 224, "bicubic")),
        ("seresnet50.ra2_in1k", Preprocessing(256, 224, "bicubic")),
        ("resnet50_gn.a1h_in1k", Preprocessing(238, 224, "bicubic")),
        ("regnety_004.pycls_in1k", Preprocessing(256, 224, "bicubic")),
        ("resnetv2_50.a1h_in1k", Preprocessing(235, 224, "bicubic", HALF, HALF)),
        ("resnetv2_18.ra4_e3600_r224_in1k", Preprocessing(248, 224, "bicubic", HALF, HALF)),
        ("resnetv2_50x1_bit.goog_in21k_ft_in1k", Preprocessing(448, 448, "bilinear", HALF, HALF)),
        ("convnext_tiny.fb_in1k", Preprocessing(256, 224, "bicubic")),
        ("resnet18.tv_in1k", Preprocessing(256, 224, "bilinear")),
    ],
)
def test_what_weights_expect(name, expected):
    """As timm's documentation of each has it: the side of the input over the crop fraction, in whole pixels."""
    assert architecture(f"timm:{name}").weights() == {"pretrained": expected}


def test_a_name_without_a_tag_has_timms_default_weights():
    assert architecture("timm:resnet50").weights() == {"pretrained": Preprocessing(235, 224, "bicubic")}  # a1_in1k
    assert architecture("timm:resnet50.tv_in1k").weights() == {"pretrained": Preprocessing(256, 224, "bilinear")}


def test_a_network_that_timm_has_no_weights_of_has_no_named_ones():
    assert architecture("timm:resnet50t").weights() == {}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("timm:resnet5", r"timm has no network 'resnet5'; did you mean timm:resnet\w+, timm:\w+"),
        ("timm:seresnet50d_32", r"timm has no network 'seresnet50d_32'; did you mean "),
        ("timm:qqqqqqqqqq", r"timm has no network 'qqqqqqqqqq'; see timm\.list_models\(\)"),
        ("timm:", r"timm has no network ''; see timm\.list_models\(\)"),
        ("timm:resnet18.a5_in1k", r"timm's resnet18 has no weights 'a5_in1k'; it has .*a1_in1k, "),
    ],
)
def test_unknown_names_and_tags_are_told_with_those_there_are(name, message):
    for ask in (architecture(name).build, architecture(name).weights):
        with pytest.raises(InputError, match=f"^model.architecture: {message}") as error:
            ask()
        assert "\n" not in str(error.value)


@pytest.fixture(scope="module")
def descriptions(tmp_path_factory):
    return tmp_path_factory.mktemp("descriptions")


@pytest.fixture
def own_folder(descriptions, monkeypatch):
    """The working directory, in which descriptions are kept."""
    monkeypatch.chdir(descriptions)
    return descriptions


def test_a_file_of_timms_weights_gives_torchvisions_network(own_folder):
    """The names of both networks' layers are the same."""
    torch.manual_seed(0)
    state = enlivened(timm.create_model("resnet18", num_classes=7)).state_dict()
    torch.save(state, own_folder / "weights.pth")
    described = describe("timm:resnet18.a1_in1k")
    plain = resnet18(num_classes=7).eval()
    plain.load_state_dict(state)
    ours = with_weights(described, fetch_weights("timm:resnet18.a1_in1k", "weights.pth"), "weights.pth")
    assert torch.equal(ours(IMAGES), plain(IMAGES)) and plain(IMAGES).std() > 0.1
    assert [block.layers for block in described.blocks][:2] == [
        {"In": "layer1.0", "Pre": "layer1.1.bn2", "Post": "layer1.1"},
        {"In": "layer2.0.downsample.1", "Pre": "layer2.0.bn2", "Post": "layer2.0"},
    ]


@pytest.fixture
def no_connection(tmp_path, monkeypatch):
    """Nothing can be reached, nor is anything in the hub's cache, whose folder this is."""

    def fail(*_arguments, **_options):
        raise OSError("no route to host")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    monkeypatch.setattr(socket, "create_connection", fail)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def test_weights_that_cannot_be_fetched_are_told_in_one_line_at_once(no_connection, own_folder, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: pytest.fail(f"waits {seconds} seconds"))
    name = "timm:resnet18.a1_in1k"
    with pytest.raises(
        InputError,
        match=r"^model\.weights: pretrained of timm:resnet18\.a1_in1k cannot be fetched \(.*no route to host\); fetch",
    ) as error:
        fetch_weights(name, "pretrained")
    assert "\n" not in str(error.value)


def test_weights_that_the_hub_has_sent_before_need_no_connection(no_connection):
    torch.manual_seed(0)
    state = enlivened(timm.create_model("resnet18")).state_dict()
    repository = no_connection / "models--timm--resnet18.a1_in1k"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("0" * 40)
    (repository / "snapshots" / ("0" * 40)).mkdir(parents=True)
    save_file(state, repository / "snapshots" / ("0" * 40) / "model.safetensors")
    fetched = architecture("timm:resnet18.a1_in1k").fetch("pretrained")
    assert list(fetched) == list(state) and all(torch.equal(fetched[name], state[name]) for name in state)
