"""Residual blocks that are found in networks, against plain forward passes with hooks, and against what is known of them."""

import pytest
import torch
from public_networks import QUICK, SLOW, images, traced
from torch import nn
from torch.nn import functional as F

from scalestream.networks.discovery import describe_layers, find_blocks
from scalestream.networks.graph import cut_after, maps_of, split_after
from scalestream.networks.interface import Block
from scalestream.networks.tracing import trace

IMAGES = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))

READ_AGAIN = "what is before it is read again after it"
POOLED = "its In is the output of a pooling, not of a layer"
TIE = "as many convolutions lead to one of its maps as to the other"
NO_MAPS = "it is no sum of maps with rows and columns"

# Blocks, sums that are none by reason, and In, Pre, Post of a block of each kind, early and late.
KNOWN = {
    "resnet18": (
        7,
        {POOLED: 1},
        {
            "1.1": ("layer1.0", "layer1.1.bn2", "layer1.1"),
            "2.0": ("layer2.0.downsample.1", "layer2.0.bn2", "layer2.0"),
            "4.1": ("layer4.0", "layer4.1.bn2", "layer4.1"),
        },
    ),
    "resnet50": (
        16,
        {},
        {
            "1.0": ("layer1.0.downsample.1", "layer1.0.bn3", "layer1.0"),
            "3.5": ("layer3.4", "layer3.5.bn3", "layer3.5"),
            "4.2": ("layer4.1", "layer4.2.bn3", "layer4.2"),
        },
    ),
    "resnext50_32x4d": (
        16,
        {},
        {"1.0": ("layer1.0.downsample.1", "layer1.0.bn3", "layer1.0"), "4.2": ("layer4.1", "layer4.2.bn3", "layer4.2")},
    ),
    "regnet_y_400mf": (
        16,
        {},
        {
            "trunk_output.block1.block1-0": (
                "trunk_output.block1.block1-0.proj.1",
                "trunk_output.block1.block1-0.f.c.1",
                "trunk_output.block1.block1-0",
            ),
            "trunk_output.block4.block4-5": (
                "trunk_output.block4.block4-4",
                "trunk_output.block4.block4-5.f.c.1",
                "trunk_output.block4.block4-5",
            ),
        },
    ),
    "convnext_tiny": (
        18,
        {},
        {
            "features.1.0": ("features.0.1", "features.1.0.mul", "features.1.0.rectified"),
            "features.7.2": ("features.7.1", "features.7.2.mul", "features.7.2.rectified"),
        },
    ),
    "densenet121": (0, {}, {}),
    "vgg11": (0, {}, {}),
    "cornet_s": (
        8,
        {},
        {
            "V2.t0": ("V2.t0.norm_skip", "V2.t0.norm3", "V2.t0"),
            "V4.t2": ("V4.t1", "V4.t2.norm3", "V4.t2"),
            "IT.t1": ("IT.t0", "IT.t1.norm3", "IT.t1"),
        },
    ),
    "timm:resnet50d": (
        16,
        {},
        {"2.0": ("layer2.0.downsample.2", "layer2.0.bn3", "layer2.0"), "4.2": ("layer4.1", "layer4.2.bn3", "layer4.2")},
    ),
    "timm:seresnet50": (
        16,
        {},
        {"1.0": ("layer1.0.downsample.1", "layer1.0.se", "layer1.0"), "4.2": ("layer4.1", "layer4.2.se", "layer4.2")},
    ),
    "timm:resnetv2_50": (
        16,
        {},
        {
            "stages.0.blocks.0": (
                "stages.0.blocks.0.downsample.conv",
                "stages.0.blocks.0.conv3",
                "stages.0.blocks.0.rectified",
            ),
            "stages.3.blocks.2": ("stages.3.blocks.1", "stages.3.blocks.2.conv3", "stages.3.blocks.2.rectified"),
        },
    ),
    "timm:regnety_004": (
        16,
        {},
        {"s1.b1": ("s1.b1.downsample.bn", "s1.b1.conv3.bn", "s1.b1"), "s4.b6": ("s4.b5", "s4.b6.conv3.bn", "s4.b6")},
    ),
    "timm:efficientnet_b0": (
        9,
        {},
        {
            "blocks.1.1": ("blocks.1.0.bn3", "blocks.1.1.bn3", "blocks.1.1.rectified"),
            "blocks.5.3": ("blocks.5.2", "blocks.5.3.bn3", "blocks.5.3.rectified"),
        },
    ),
    "timm:res2net50_26w_4s": (
        16,
        {READ_AGAIN: 24},
        {"1.0": ("layer1.0.downsample.1", "layer1.0.bn3", "layer1.0"), "4.2": ("layer4.1", "layer4.2.bn3", "layer4.2")},
    ),
    "timm:dla34": (
        1,
        {READ_AGAIN: 11},
        {"level2.tree1": ("level2.project.1", "level2.tree1.bn2", "level2.tree1")},
    ),
    "timm:cspresnet50": (0, {READ_AGAIN: 13}, {}),
    "timm:repvgg_a0": (
        22,
        {READ_AGAIN: 17},
        {
            "stages.0.0": ("stages.0.0.conv_1x1.bn", "stages.0.0.conv_kxk.bn", "stages.0.0"),
            "stages.2.1": ("stages.2.1.identity", "stages.2.1.add", "stages.2.1"),
        },
    ),
    "timm:vit_tiny_patch16_224": (0, {NO_MAPS: 25}, {}),
}


def plain_maps(network: nn.Module, layers: set[str], images: torch.Tensor) -> dict[str, torch.Tensor]:
    """A plain forward pass with hooks that copy the output of each layer that is a module."""
    kept = {}
    modules = {name: module for name, module in network.named_modules() if name in layers}
    handles = [
        module.register_forward_hook(lambda _module, _inputs, output, name=name: kept.update({name: output.clone()}))
        for name, module in modules.items()
    ]
    network(images)
    for handle in handles:
        handle.remove()
    return kept


@pytest.mark.parametrize("name", [*QUICK, *(pytest.param(name, marks=pytest.mark.long) for name in SLOW)])
def test_blocks_of_public_networks(name):
    """Their number and names; and the maps of all: In plus Pre is the sum, wherever the network overwrites one of them."""
    network, graph = traced(name)
    number, reasons, chosen = KNOWN[name]
    blocks, left_out = find_blocks(graph, images(name).shape[-1])
    by_name = {block.name: block for block in blocks}
    assert len(by_name) == len(blocks) == number
    assert {reason: list(left_out.values()).count(reason) for reason in left_out.values()} == reasons
    assert {block: tuple(by_name[block].layers.values()) for block in chosen} == chosen
    if not blocks:
        return

    layers = {layer for block in blocks for layer in (*block.layers.values(), block.stream)}
    plain = plain_maps(network, layers, images(name))
    ours = maps_of(network, layers)(images(name))
    for layer, expected in plain.items():
        assert torch.equal(ours[layer], expected), layer
    for block in blocks:
        summed = ours[block.input] + ours[block.pre]
        assert torch.equal(plain[block.stream], summed if block.is_linear else F.relu(summed)), block.name
        assert torch.equal(ours[block.post], F.relu(summed)) and summed.min() < 0 < summed.max()
        assert summed.shape[1] == block.channels and ours[block.pre].std() > 1e-4 * summed.std()

    logits = network(images(name))
    for block in (by_name[each] for each in chosen):
        before, after = split_after(network, block.stream)
        assert torch.equal(before(images(name)), plain[block.stream])
        assert torch.equal(after(before(images(name))), logits)
        for layer in block.layers.values():
            assert torch.equal(cut_after(network, layer)(images(name)), ours[layer])


def test_layers_that_a_plain_hook_reads_too_late_are_read_unharmed():
    """torchvision adds In to Pre in place, and rectifies the sum in place."""
    network, _ = traced("resnet18")
    late = {}
    handles = [
        network.get_submodule(layer).register_forward_hook(lambda _m, _i, output, layer=layer: late.update({layer: output}))
        for layer in ("layer3.1.bn2", "layer3.1")
    ]
    network(images("resnet18"))
    for handle in handles:
        handle.remove()
    assert torch.equal(late["layer3.1.bn2"], late["layer3.1"])
    plain = plain_maps(network, {"layer3.1.bn2"}, images("resnet18"))["layer3.1.bn2"]
    ours = maps_of(network, ["layer3.1", "layer3.1.bn2"])(images("resnet18"))
    assert torch.equal(ours["layer3.1.bn2"], plain) and torch.equal(ours["layer3.1"], late["layer3.1"])
    assert not torch.equal(plain, late["layer3.1.bn2"])


class Toy(nn.Module):
    """Layers for forward passes of a few lines; `body` makes the maps that the logits are made of."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.stem = nn.Conv2d(3, 4, kernel_size=3, padding=1)
        self.one, self.two, self.three = (nn.Conv2d(4, 4, kernel_size=3, padding=1) for _ in range(3))
        self.pointwise = nn.Conv2d(4, 4, kernel_size=1)
        self.down = nn.Conv2d(4, 4, kernel_size=3, padding=1, stride=2)
        self.norm = nn.BatchNorm2d(4)
        self.relu, self.relu2 = nn.ReLU(inplace=True), nn.ReLU(inplace=True)
        self.pool = nn.MaxPool2d(3, stride=1, padding=1)
        self.dropout = nn.Dropout()
        self.weights = nn.ParameterList(torch.randn(4, 4, 3, 3) / 6 for _ in range(3))
        self.constant = nn.Parameter(torch.randn(1, 4, 16, 16))
        self.fc = nn.Linear(4, 5)

    def forward(self, images):
        return self.fc(self.body(images).mean((2, 3)))


def found_in(body) -> tuple[nn.Module, list[Block], dict[str, str]]:
    """The toy with that body, its blocks, each with maps that the sum is made of, and the sums that are none."""
    network = type("Network", (Toy,), {"body": body})().eval().requires_grad_(False)
    graph = trace(network)
    assert torch.equal(graph.module(IMAGES), network(IMAGES))
    blocks, left_out = find_blocks(graph, 16)
    for block in blocks:
        maps = maps_of(network, [*block.layers.values(), block.stream])(IMAGES)
        summed = maps[block.input] + maps[block.pre]
        assert torch.equal(maps[block.post], F.relu(summed))
        assert torch.equal(maps[block.stream], summed if block.is_linear else F.relu(summed))
        before, after = split_after(network, block.stream)
        assert torch.equal(before(IMAGES), maps[block.stream]) and torch.equal(after(before(IMAGES)), network(IMAGES))
    return network, blocks, left_out


def only(body) -> dict[str, str]:
    """The layers of the only block."""
    _, (block,), left_out = found_in(body)
    assert not left_out
    return block.layers


def reason(body) -> str:
    """Why the only sum is no block."""
    _, blocks, left_out = found_in(body)
    assert not blocks
    (found,) = left_out.values()
    return found


def test_in_has_come_through_fewer_convolutions_than_pre():
    def identity(self, x):
        x = self.stem(x)
        return self.relu(self.norm(self.one(x)) + x)

    def projection(self, x):  # whichever comes first in the sum
        x = self.stem(x)
        return self.relu(self.pointwise(x) + self.norm(self.one(x)))

    def shorter(self, x):
        x = self.stem(x)
        return self.relu(self.one(x) + self.three(self.two(x)))

    assert only(identity) == {"In": "stem", "Pre": "norm", "Post": "relu"}
    assert only(projection) == {"In": "pointwise", "Pre": "norm", "Post": "relu"}
    assert only(shorter) == {"In": "one", "Pre": "three", "Post": "relu"}


def test_a_pointwise_convolution_counts_only_where_the_others_are_equal():
    def wide_against_two_pointwise(self, x):
        x = self.stem(x)
        return F.relu(self.pointwise(F.relu(self.pointwise(x))) + self.one(x))

    def one_more_pointwise(self, x):
        x = self.stem(x)
        return self.relu(self.pointwise(self.two(x)) + self.one(x))

    assert only(wide_against_two_pointwise) == {"In": "pointwise_1", "Pre": "one", "Post": "relu_1"}
    assert only(one_more_pointwise) == {"In": "one", "Pre": "pointwise", "Post": "relu"}


def test_a_tie_is_no_block():
    def two_branches(self, x):
        x = self.stem(x)
        return self.relu(self.one(x) + self.two(x))

    def twice(self, x):
        x = self.stem(x)
        return self.relu(x + x)

    assert reason(two_branches) == reason(twice) == TIE


def test_a_sum_of_maps_of_different_shapes_is_no_block():
    def body(self, x):
        x = self.stem(x)
        return self.relu(x + self.one(x).mean((2, 3), keepdim=True))

    assert reason(body) == "its two maps are of different shapes"


def test_a_sum_of_vectors_or_of_maps_whose_second_axis_is_not_that_of_channels_is_no_block():
    def vectors(self, x):
        x = self.stem(x).flatten(2)
        return (x + self.one(x.unflatten(2, (16, 16))).flatten(2)).unflatten(2, (16, 16))

    def channels_last(self, x):
        x = self.stem(x).permute(0, 2, 3, 1)
        return (x + self.one(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)

    assert reason(vectors) == reason(channels_last) == NO_MAPS


def test_a_sum_with_a_map_that_is_the_same_for_all_images_is_no_block():
    assert reason(lambda self, x: self.relu(self.stem(x) + self.constant)) == "one of its maps is the same for all images"


def test_a_sum_of_multiples_is_none_and_neither_is_one_with_a_number():
    def body(self, x):
        x = self.stem(x)
        return self.relu(torch.add(x, self.one(x), alpha=2) + 1)

    assert found_in(body)[1:] == ([], {})


def test_a_pooling_is_no_in():
    def body(self, x):
        x = self.pool(self.stem(x))
        return self.relu(self.one(x) + x)

    assert reason(body) == POOLED


def test_a_path_round_post_is_no_block():
    def around(self, x):
        x = self.stem(x)
        return self.relu(self.one(x) + x) * self.two(x)

    def around_from_pre(self, x):
        x = self.stem(x)
        pre = self.norm(self.one(x))
        return F.relu(pre + x) * pre.mean((2, 3), keepdim=True)

    def around_from_the_sum(self, x):
        x = self.stem(x)
        summed = self.one(x) + x
        return F.relu(summed) * F.sigmoid(summed)

    assert reason(around) == reason(around_from_pre) == READ_AGAIN
    assert only(around_from_the_sum) == {"In": "stem", "Pre": "one", "Post": "add.rectified"}  # the sum cuts, its ReLU does not


def test_steps_that_share_the_weights_of_their_branch_are_steps_in_time():
    def body(self, x):
        x = self.stem(x)
        x = F.relu(self.norm(self.one(x)) + x)
        x = F.relu(self.norm(self.two(x)) + x)
        return F.relu(self.three(x) + x)

    network = type("Network", (Toy,), {"body": body})().eval()
    assert [block.time_step for block in find_blocks(trace(network), 16)[0]] == [False, False, False]
    network.two.weight = network.one.weight
    assert [block.time_step for block in find_blocks(trace(network), 16)[0]] == [True, True, False]


def test_a_convolution_that_is_called_again_makes_steps_in_time_too():
    def body(self, x):
        x = self.stem(x)
        x = F.relu(self.one(x) + x)
        x = F.relu(self.two(x) + x)
        return F.relu(self.one(x) + x)

    _, blocks, _ = found_in(body)
    assert [block.time_step for block in blocks] == [True, False, True]
    assert [block.pre for block in blocks] == ["one", "two", "one_1"]


def test_a_flat_forward_pass_without_modules():
    def body(self, x):
        x = self.stem(x)
        x = F.relu(F.conv2d(x, self.weights[0], padding=1) + x)
        branch = F.conv2d(F.relu(F.conv2d(x, self.weights[1], padding=1)), self.weights[2], padding=1)
        return torch.relu(torch.add(x, branch))

    _, blocks, left_out = found_in(body)
    assert [block.layers for block in blocks] == [
        {"In": "stem", "Pre": "conv2d", "Post": "relu"},
        {"In": "relu", "Pre": "conv2d_2", "Post": "relu_2"},
    ]
    assert not left_out


def test_maps_that_are_overwritten_in_place():
    """Each sum is of what its maps are by then, and each layer is read as it was when its module made it."""

    def pre_by_the_sum(self, x):
        x = self.stem(x)
        pre = self.norm(self.one(x))
        pre += x
        return self.relu(pre)

    def pre_by_an_explicit_sum(self, x):
        x = self.stem(x)
        pre = self.norm(self.one(x))
        pre.add_(x)
        pre.relu_()
        return pre

    def pre_by_a_sum_behind_dropout(self, x):
        x = self.stem(x)
        pre = self.dropout(self.norm(self.one(x)))
        pre.add_(x)
        return self.relu(pre)

    def pre_by_a_relu(self, x):
        x = self.stem(x)
        pre = self.norm(self.one(x))
        self.relu2(pre)
        return self.relu(pre + x)

    def in_by_a_relu_before_the_branch(self, x):
        x = self.stem(x)
        pre = self.one(self.relu2(x))
        return self.relu(pre + x)

    assert only(pre_by_the_sum) == only(pre_by_a_sum_behind_dropout) == {"In": "stem", "Pre": "norm", "Post": "relu"}
    assert only(pre_by_an_explicit_sum) == {"In": "stem", "Pre": "norm", "Post": "relu_"}
    assert only(pre_by_a_relu) == {"In": "stem", "Pre": "relu2", "Post": "relu"}
    assert only(in_by_a_relu_before_the_branch) == {"In": "relu2", "Pre": "one", "Post": "relu"}
    for body in (pre_by_the_sum, pre_by_an_explicit_sum, pre_by_a_sum_behind_dropout, pre_by_a_relu):
        network, *_ = found_in(body)
        assert torch.equal(maps_of(network, ["norm"])(IMAGES)["norm"], plain_maps(network, {"norm"}, IMAGES)["norm"])
    network, *_ = found_in(in_by_a_relu_before_the_branch)
    assert torch.equal(maps_of(network, ["stem"])(IMAGES)["stem"], plain_maps(network, {"stem"}, IMAGES)["stem"])


def test_a_sum_that_is_not_rectified_is_a_linear_stream():
    def body(self, x):
        x = self.stem(x)
        x = x + self.one(F.relu(self.norm(x)))
        return self.relu(x + self.dropout(self.two(self.relu2(x))))  # relu2 overwrites the stream, so it is not linear

    def read_twice(self, x):
        x = self.stem(x)
        x = x + self.one(F.relu(self.norm(x)))
        return x * self.norm(x)

    _, blocks, _ = found_in(body)
    assert [(block.layers, block.is_linear) for block in blocks] == [
        ({"In": "stem", "Pre": "one", "Post": "relu2"}, False),
        ({"In": "relu2", "Pre": "two", "Post": "relu_1"}, False),
    ]
    _, (block,), _ = found_in(read_twice)
    assert (block.name, block.stream, block.post, block.is_linear) == ("add", "add", "add.rectified", True)


def test_dropout_and_the_like_are_looked_through():
    def body(self, x):
        x = self.stem(x)
        return self.relu(
            self.dropout(self.dropout(F.dropout(self.norm(self.one(x)), training=self.training)) + self.dropout(x))
        )

    assert only(body) == {"In": "stem", "Pre": "norm", "Post": "relu"}


def test_stages_are_counted_by_the_side_of_the_maps():
    def body(self, x):
        x = self.stem(x)
        x = F.relu(self.one(x) + x)
        x = F.relu(self.two(x) + x)
        x = F.relu(self.three(self.down(x)) + self.down(x))
        return F.relu(self.pointwise(self.norm(x)) + x)

    _, blocks, _ = found_in(body)
    assert [(block.stage, block.channels) for block in blocks] == [(1, 4), (1, 4), (2, 4), (2, 4)]


def test_receptive_fields_of_layers_by_hand():
    """A convolution of 3 x 3 sees one pixel more on each side, two after a stride of 2; a mean over the map sees all of it."""

    def body(self, x):
        x = self.stem(x)
        x = self.relu(self.two(self.one(x)) + x)
        return self.relu2(self.three(self.down(x)) + self.down(x))

    network, blocks, _ = found_in(body)
    layers = describe_layers(trace(network), blocks)
    found = {name: layer.receptive_field for name, layer in layers.items()}
    assert found == {"stem": 3, "two": 7, "relu": 7, "down_1": 9, "three": 13, "relu2": 13}
    assert all(layer.channels == 4 for layer in layers.values())

    def gated(self, x):
        x = self.stem(x)
        pre = self.one(x)
        return self.relu(pre * pre.mean((2, 3), keepdim=True) + x)

    network, blocks, _ = found_in(gated)
    assert {name: layer.receptive_field for name, layer in describe_layers(trace(network), blocks).items()} == {
        "stem": 3,
        "mul": None,
        "relu": None,
    }
