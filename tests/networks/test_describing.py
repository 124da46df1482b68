"""Descriptions of networks: the shipped ones, receptive fields and jitters as they are known, and those that are made once."""

import os
import re
import subprocess
import sys

import pytest
import yaml

from conftest import REPOSITORY
from scalestream.config.completion import complete, jitter_of
from scalestream.errors import InputError
from scalestream.networks.architectures import NAMED, description
from scalestream.networks.describing import describe
from scalestream.networks.interface import Description, Layer

SHORT = ("small", "small_wide", "small_deep", "small_plain", "small_zero_padded", "resnet18", "cornet_s")
NETWORK = """
from torch import nn
from torch.nn import functional as F


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, kernel_size=7, stride=4)
        self.layer1 = nn.Conv2d(4, 4, kernel_size=3, padding=1)
        self.layer2 = nn.Conv2d(4, 4, kernel_size=3, padding=1)
        self.head = nn.Linear(4, 5)

    def forward(self, images):
        x = self.stem(images)
        x = F.relu(self.layer1(x) + x)
        return self.head(F.relu(self.layer2(x) + x).mean((2, 3)))
"""


@pytest.mark.parametrize("name", [each if each in SHORT else pytest.param(each, marks=pytest.mark.long) for each in NAMED])
def test_a_shipped_description_is_what_the_network_is_described_by(name):
    """`python -m scalestream describe NAME > resources/networks/NAME.json` makes it anew."""
    assert (REPOSITORY / "resources" / "networks" / f"{name}.json").read_text() == describe(name).to_json()


# The networks' own definitions: blocks by stage, of which a basic network's first has a pooling as In; the channels of all
# layers, and of In and Pre alone.
@pytest.mark.parametrize(
    ("name", "depths", "blocks", "channels", "of_in_and_pre"),
    [
        ("resnet18", (2, 2, 2, 2), 7, 4672, 3712),
        ("resnet34", (3, 4, 6, 3), 15, 8384, 7424),
        ("resnet50", (3, 4, 6, 3), 16, 34048, 30208),
        ("resnet101", (3, 4, 23, 3), 33, 68864, 65024),
        ("resnet152", (3, 8, 36, 3), 50, 99584, 95744),
        ("wide_resnet50_2", (3, 4, 6, 3), 16, 34048, 30208),
        ("wide_resnet101_2", (3, 4, 23, 3), 33, 68864, 65024),
        ("resnext50_32x4d", (3, 4, 6, 3), 16, 34048, 30208),
        ("resnext101_32x8d", (3, 4, 23, 3), 33, 68864, 65024),
        ("resnext101_64x4d", (3, 4, 23, 3), 33, 68864, 65024),
    ],
)
def test_blocks_and_channels_of_torchvisions_networks(name, depths, blocks, channels, of_in_and_pre):
    described = description(name)
    names = [f"{stage}.{block}" for stage, depth in enumerate(depths, 1) for block in range(depth)]
    assert [block.name for block in described.blocks] == names[len(names) - blocks :]
    assert [block.stage for block in described.blocks] == [int(name[0]) for name in names[len(names) - blocks :]]
    assert sum(described.channels(described.blocks).values()) == channels
    layers = {layer: block.channels for block in described.blocks for layer in (block.input, block.pre)}
    assert sum(layers.values()) == of_in_and_pre
    assert {layer: channels for layer, (channels, _) in fields(name).items()} == described.channels(described.blocks)


def fields(name: str) -> dict[str, tuple[int, int | None]]:
    return {layer: (each.channels, each.receptive_field) for layer, each in description(name).layers.items()}


def of_pre(before: int, *stages: list[int]) -> dict[str, tuple[int, int]]:
    """By block, the receptive fields of In and Pre: those of a block's In are those of the block before it."""
    found = {}
    for stage, of_stage in enumerate(stages, 1):
        for block, field in enumerate(of_stage):
            found[f"{stage}.{block}"] = before, field
            before = field
    return found


RESNET50 = of_pre(11, [19, 27, 35], [43, 59, 75, 91], [107, 139, 171, 203, 235, 267], [299, 363, 427])
RECEPTIVE_FIELDS = {
    "resnet18": of_pre(11, [27, 43], [67, 99], [147, 211], [307, 435]),
    "resnet34": of_pre(11, [27, 43, 59], [83, 115, 147, 179], [227, 291, 355, 419, 483, 547], [643, 771, 899]),
    "resnet50": RESNET50,
    "wide_resnet50_2": RESNET50,
    "resnext50_32x4d": RESNET50,
    "resnet101": of_pre(11, [19, 27, 35], [43, 59, 75, 91], [*range(107, 812, 32)], [843, 907, 971]),
    "resnet152": of_pre(11, [19, 27, 35], [*range(43, 156, 16)], [*range(171, 1292, 32)], [1323, 1387, 1451]),
    "cornet_s": {
        "V2.t0": (19, 27),
        "V2.t1": (27, 43),
        "V4.t0": (43, 59),
        "V4.t1": (59, 91),
        "V4.t2": (91, 123),
        "V4.t3": (123, 155),
        "IT.t0": (155, 187),
        "IT.t1": (187, 251),
    },
}


@pytest.mark.parametrize("name", RECEPTIVE_FIELDS)
def test_receptive_fields(name):
    """Made of kernels and strides, a layer at a time, from the networks' definitions."""
    described = description(name)
    found = {
        block.name: tuple(described.layers[layer].receptive_field for layer in block.layers.values())
        for block in described.blocks
    }
    assert found == {block.name: (*RECEPTIVE_FIELDS[name][block.name], found[block.name][1]) for block in described.blocks}


def jitters(name: str) -> dict[str, int]:
    """By block, the jitter of its Post; as `visualization.jitter: by_receptive_field` completes it."""
    described = description(name)
    config = yaml.safe_load((REPOSITORY / "config" / "paper.yaml").read_text())
    config["visualization"] |= {"jitter": "by_receptive_field", "jitter_by_layer": {}}
    completed = complete(config, described)["visualization"]
    assert completed["jitter"] == 16 and set(completed["jitter_by_layer"]) == set(described.layers)
    return completed["jitter_by_layer"]


def test_jitters_by_receptive_field_are_the_papers_with_the_authors_for_one_layer():
    paper = yaml.safe_load((REPOSITORY / "config" / "paper.yaml").read_text())["visualization"]
    found = jitters("resnet18")
    expected = {layer: paper["jitter_by_layer"].get(layer, paper["jitter"]) for layer in found}
    assert found == expected | {"layer2.1": 4} and expected["layer2.1"] == 16


@pytest.mark.parametrize(("name", "last_without", "last_with_4"), [("resnet50", "2.1", "3.1"), ("cornet_s", "V4.t0", "V4.t2")])
def test_jitters_of_other_networks_grow_at_these_blocks(name, last_without, last_with_4):
    blocks = description(name).blocks
    names, found = [block.name for block in blocks], jitters(name)
    without, with_4 = names.index(last_without) + 1, names.index(last_with_4) + 1
    of_pre = [found[block.pre] for block in blocks]
    assert of_pre == [found[block.post] for block in blocks]
    assert of_pre == [0] * without + [4] * (with_4 - without) + [16] * (len(names) - with_4)


def test_a_layer_that_sees_the_whole_image_has_the_largest_jitter():
    assert [jitter_of(Layer(1, field)) for field in (67, 68, 147, 148, None)] == [0, 4, 4, 16, 16]


def test_a_users_network_is_described_once_and_again_when_its_file_changes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file, asked, run = tmp_path / "mine.py", [], subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda *arguments, **options: asked.append(1) or run(*arguments, **options))
    file.write_text(NETWORK)
    first = description("mine.py:Network")
    assert [block.layers for block in first.blocks] == [
        {"In": "stem", "Pre": "layer1", "Post": "relu"},
        {"In": "relu", "Pre": "layer2", "Post": "relu_1"},
    ]
    assert first.layers == {
        "stem": Layer(4, 7),
        "layer1": Layer(4, 15),
        "relu": Layer(4, 15),
        "layer2": Layer(4, 23),
        "relu_1": Layer(4, 23),
    }
    assert first.classifier == "head" and list(first.weights) == ["as_built"]
    assert description("mine.py:Network") == first and len(asked) == 1
    file.write_text(NETWORK.replace("stride=4", "stride=2"))
    other = description("mine.py:Network")
    assert other.layers["layer1"] == Layer(4, 11) and other.source != first.source and len(asked) == 2
    file.write_text(NETWORK)
    assert description("mine.py:Network") == first and len(asked) == 2


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"blocks": 1}'])
def test_what_is_no_description_is_told_by_an_error(text):
    with pytest.raises((KeyError, TypeError, ValueError)):
        Description.from_json(text)


@pytest.mark.long
def test_a_kept_description_that_is_damaged_is_made_anew(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(NETWORK)
    first = description("mine.py:Network")
    (kept,) = tmp_path.rglob("*.json")
    kept.write_text("{}")
    assert description("mine.py:Network") == first == Description.from_json(kept.read_text())


def test_a_fault_of_a_users_network_is_one_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(NETWORK.replace(".mean((2, 3))", ".flatten(1)"))
    with pytest.raises(
        InputError, match=r"Network: the network takes no image of 224 x 224 pixels \(.*\); it must map"
    ) as error:
        description("mine.py:Network")
    assert "\n" not in str(error.value) and not list(tmp_path.rglob("*.json"))


def test_neither_a_description_nor_what_the_rules_import_needs_torch(tmp_path):
    """The Snakefile is read in every job, and torch takes seconds to import."""
    (tmp_path / "mine.py").write_text(NETWORK)
    rules = "\n".join(path.read_text() for path in (REPOSITORY / "workflow" / "rules").rglob("*.smk"))
    imports = re.findall(r"^(?:from|import) scalestream.*", rules, re.MULTILINE)
    assert len(imports) > 5
    code = [
        "import sys",
        *imports,
        "from scalestream.networks.architectures import description",
        "for name in ('resnet152', 'cornet_s', 'mine.py:Network'):",
        "    print(len(description(name).by_name))",
        "print({'torch', 'torchvision', 'timm', 'lucent', 'thingsvision'} & set(sys.modules))",
    ]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(code)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY / "workflow")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    *numbers, modules = done.stdout.splitlines()
    assert modules == "set()" and all(int(number) > 1 for number in numbers)
