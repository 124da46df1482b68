"""Networks of a user's own file: what they are built with, and every fault in one line."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from scalestream.errors import InputError
from scalestream.networks.architectures import architecture, description, source_digest
from scalestream.networks.describing import describe
from scalestream.networks.interface import Preprocessing
from scalestream.networks.weights import fetch_weights, resolve, with_weights

NETWORK = """
import torch
from torch import nn
from torch.nn import functional as F


class Network(nn.Module):
    def __init__(self, classes=5):
        super().__init__()
        torch.manual_seed(3)
        self.stem = nn.Conv2d(3, 4, kernel_size=7, stride=4)
        self.branch = nn.Conv2d(4, 4, kernel_size=3, padding=1)
        self.head = nn.Linear(4, classes)

    def forward(self, images):
        x = self.stem(images)
        x = F.relu(self.branch(x) + x)
        return self.head(x.mean((2, 3)))
"""
IMAGES = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The working directory, in which the files are."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def altered(old: str, new: str) -> str:
    assert old in NETWORK
    return NETWORK.replace(old, new)


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (None, "mine.py:Network", r"there is no file mine\.py; give path/to/file\.py:function"),
        (None, "other/mine.py:Network", r"there is no file other/mine\.py; give path/to/file\.py:function"),
        (
            "from torch import nn\nimport not_there\n",
            "mine.py:make",
            r"mine\.py cannot be imported \(ModuleNotFoundError: No module named 'not_there'\); mend the file",
        ),
        ("def make(:\n", "mine.py:make", r"mine\.py cannot be imported \(SyntaxError: invalid syntax \(mine\.py, line 1\)\)"),
        ("x = 1\n", "mine.py:make", r"mine\.py has no function 'make'; give path/to/file\.py:function"),
        ("make = 1\n", "mine.py:make", r"mine\.py has no function 'make'; give path/to/file\.py:function"),
        (
            "def make():\n    raise ValueError('first\\nsecond')\n",
            "mine.py:make",
            r"mine\.py:make fails \(ValueError: first\); it is called without arguments and returns an nn\.Module",
        ),
        (
            "def make(classes):\n    return None\n",
            "mine.py:make",
            r"mine\.py:make fails \(TypeError: make\(\) missing 1 required positional argument: 'classes'\); it is called",
        ),
        ("def make():\n    return None\n", "mine.py:make", r"mine\.py:make returns NoneType; return an nn\.Module"),
    ],
)
def test_a_file_that_makes_no_network_is_told_in_one_line(folder, content, name, message):
    if content is not None:
        (folder / "mine.py").write_text(content)
    for ask in (architecture(name).build, lambda: describe(name)):
        with pytest.raises(InputError, match=f"^model.architecture: {message}") as error:
            ask()
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            altered("x = self.stem(images)", "x = self.stem(images if images.sum() > 0 else -images)"),
            r"Network: torch\.fx cannot trace the network \(.*control flow\); write its forward pass without branches",
        ),
        (
            altered("F.relu(self.branch(x) + x)", "F.relu(self.branch(x) + x) if x.shape[2] > 9 else x"),
            r"Network: torch\.fx cannot trace the network \(.*control flow\); write its forward pass without branches",
        ),
        (
            altered("self.stem(images)", "self.stem(images) + torch.randn(1)"),
            r"Network: the network that torch\.fx traces computes other logits than it does itself",
        ),
        (
            altered("x = self.stem(images)", "x = self.stem(images) * (1 if torch.is_tensor(images) else 2)"),
            r"Network: the network that torch\.fx traces computes other logits than it does itself",
        ),
        (
            altered("nn.Conv2d(3, 4", "nn.Conv2d(1, 4"),
            r"Network: the network takes no image of 224 x 224 pixels \(.*\); it must map images \(N, 3, S, S\) to logits",
        ),
        (
            altered(".mean((2, 3))", ".mean((2, 3))[0]"),
            r"Network: the network must return logits \(N, classes\) of images \(N, 3, S, S\)",
        ),
        (
            altered("return self.head(x.mean((2, 3)))", "return x"),
            r"Network: the network must return logits \(N, classes\) of images \(N, 3, S, S\)",
        ),
        (
            altered("return self.head(x.mean((2, 3)))", "return self.head(x.mean((2, 3))), x"),
            r"Network: the network must return logits \(N, classes\) of images \(N, 3, S, S\)",
        ),
        (
            "from torch import nn\nNetwork = lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())\n",
            r"the network has no linear layer that makes its logits",
        ),
    ],
    ids=["values", "shapes", "chance", "tracing", "grey", "vector", "maps", "tuple", "classifier"],
)
def test_a_network_that_cannot_be_studied_is_told_in_one_line(folder, content, message):
    (folder / "mine.py").write_text(content)
    with pytest.raises(InputError, match=f"^{message}") as error:
        describe("mine.py:Network")
    assert "\n" not in str(error.value)


def plain() -> nn.Module:
    """The network of the file."""
    torch.manual_seed(3)
    stem, branch = nn.Conv2d(3, 4, kernel_size=7, stride=4), nn.Conv2d(4, 4, kernel_size=3, padding=1)
    return nn.ModuleDict({"stem": stem, "branch": branch, "head": nn.Linear(4, 5)})


def logits(modules: nn.Module, images: torch.Tensor) -> torch.Tensor:
    x = modules["stem"](images)
    return modules["head"](F.relu(modules["branch"](x) + x).mean((2, 3)))


def test_as_built_is_the_network_as_the_function_returns_it(folder):
    (folder / "mine.py").write_text(NETWORK)
    name = "mine.py:Network"
    assert architecture(name).weights() == {"as_built": Preprocessing()}
    assert architecture(name).published_digest("as_built") is None
    described = describe(name)
    network = with_weights(described, architecture(name).fetch("as_built"), "as_built")
    assert torch.equal(network(IMAGES), logits(plain(), IMAGES))
    assert not network.training and not any(parameter.requires_grad for parameter in network.parameters())
    assert described.classifier == "head" and described.source == source_digest(name)


def test_a_files_weights_are_loaded_into_it(folder):
    (folder / "mine.py").write_text(NETWORK)
    state = {name: value + 1 for name, value in plain().state_dict().items()}
    torch.save(state, folder / "weights.pth")
    expected = plain()
    expected.load_state_dict(state)
    assert torch.equal(resolve("mine.py:Network", "weights.pth")(IMAGES), logits(expected, IMAGES))
    assert description("mine.py:Network").weights == {"as_built": Preprocessing()}
    assert list(fetch_weights("mine.py:Network", "as_built")) == list(state)


def test_weights_of_another_number_of_classes_are_refused_in_one_line(folder):
    """The function makes the classes that it makes."""
    (folder / "mine.py").write_text(NETWORK)
    state = plain().state_dict() | {"head.weight": torch.zeros(7, 4), "head.bias": torch.zeros(7)}
    with pytest.raises(InputError, match=r"head\.weight has shape \(7, 4\), the network needs \(5, 4\)") as error:
        with_weights(describe("mine.py:Network"), state, "weights.pth")
    assert "\n" not in str(error.value)


def test_what_stands_beside_the_file_can_be_imported_and_another_file_of_that_name_is_another(folder):
    for name, classes in (("one", 5), ("other", 6)):
        (folder / name).mkdir()
        (folder / name / f"sibling_{name}.py").write_text(NETWORK)
        (folder / name / "mine.py").write_text(
            f"from sibling_{name} import Network\n\ndef make():\n    return Network({classes})\n"
        )
    for name, classes in (("one", 5), ("other", 6)):
        network = architecture(f"{name}/mine.py:make").build()
        assert network(IMAGES).shape == (2, classes)
        assert torch.equal(network.stem.weight, plain()["stem"].weight)


def test_a_file_is_read_anew_whenever_a_network_is_built(folder):
    for classes in (5, 6):
        (folder / "mine.py").write_text(altered("classes=5", f"classes={classes}"))
        assert architecture("mine.py:Network").build()(IMAGES).shape == (2, classes)
