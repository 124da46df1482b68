"""Networks without a stream and with one that has no parameters, against forward passes written out by hand."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torchvision.models import resnet18

from conftest import blocks_of, enlivened, randomized
from scalestream.ablation.ablated_network import AblatedNetwork
from scalestream.criteria.evaluation import evaluate
from scalestream.criteria.measurement import measure
from scalestream.errors import InputError, NotLocalError
from scalestream.measures.circuits import Circuit, compare, judged
from scalestream.measures.neurons import CenterNeurons
from scalestream.networks.architectures import description
from scalestream.networks.graph import cut_after, split_after
from scalestream.networks.receptive_field import center_span, restricted, window
from scalestream.networks.weights import build, random_network, resolve, save, with_stream
from scalestream.training.recipe import initial_network

PAIRS = [("small_plain", "small_zero_padded"), ("resnet18_plain", "resnet18_zero_padded")]
IMAGES = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def by_hand(network, images: torch.Tensor, stream: float | None) -> dict[str, torch.Tensor]:
    """In, Pre and Post of all blocks, and the logits: with one loop over the stages. stream: None for no shortcuts."""

    def normed(maps, norm):
        shape = (-1, 1, 1)
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        return (maps - norm.running_mean.view(shape)) * scale.view(shape) + norm.bias.view(shape)

    kept = {}
    maps = F.conv2d(images, network.conv1.weight, stride=2, padding=3)
    maps = F.max_pool2d(torch.relu(normed(maps, network.bn1)), 3, 2, 1)
    for stage in range(1, 5):
        for number in range(2):
            block, name = getattr(network, f"layer{stage}")[number], f"{stage}.{number}"
            stride = 2 if number == 0 and stage > 1 else 1
            branch = torch.relu(normed(F.conv2d(maps, block.conv1.weight, stride=stride, padding=1), block.bn1))
            pre = normed(F.conv2d(branch, block.conv2.weight, padding=1), block.bn2)
            bypass = maps
            if stride == 2:
                bypass = torch.zeros_like(pre)
                bypass[:, : maps.shape[1]] = maps[:, :, ::2, ::2]
            maps = torch.relu(pre if stream is None else pre + stream * bypass)
            kept |= {f"{name} In": bypass, f"{name} Pre": pre, f"{name} Post": maps}
    return kept | {"logits": maps.mean((2, 3)) @ network.fc.weight.T + network.fc.bias}


def alike(name: str, stream: float = 1):
    """The network with the seeded parameters and statistics that its pair has too."""
    return with_stream(randomized(name, 12), stream).double()


@pytest.mark.parametrize(("plain", "padded"), PAIRS)
def test_the_arms_have_the_same_parameters_by_name_shape_and_seed(plain, padded):
    one, other = (dict(initial_network(name, 3, 12).named_parameters()) for name in (plain, padded))
    assert list(one) == list(other) and all(torch.equal(one[name], other[name]) for name in one)
    third = dict(initial_network(plain.removesuffix("_plain"), 3, 12).named_parameters())
    assert {name for name in third if "downsample" not in name} == one.keys()
    assert all(torch.equal(third[name], one[name]) for name in one)
    again = dict(initial_network(plain, 4, 12).named_parameters())
    assert not any(torch.equal(again[name], one[name]) for name in one if one[name].ndim > 1)
    assert all(value.requires_grad for value in one.values())


def test_parameters_are_counted_as_in_torchvisions_network_without_its_projections():
    assert [sum(each.numel() for each in build(name).parameters()) for name in PAIRS[1]] == [11_515_688] * 2
    network = resnet18()
    projections = [
        each for stage in (network.layer2, network.layer3, network.layer4) for each in stage[0].downsample.parameters()
    ]
    assert sum(each.numel() for each in network.parameters()) - sum(each.numel() for each in projections) == 11_515_688


def test_no_gain_is_zero_at_first():
    for name in sum(PAIRS, ()):
        assert all((norm.weight == 1).all() for norm in build(name).modules() if isinstance(norm, nn.BatchNorm2d))


@pytest.mark.parametrize(
    ("name", "stream"),
    [
        ("small_plain", None),
        ("small_zero_padded", 1),
        ("small_zero_padded", 0.25),
        ("resnet18_plain", None),
        ("resnet18_zero_padded", 0.625),
    ],
)
def test_layers_and_logits_are_those_written_out(name, stream):
    network = alike(name, 1 if stream is None else stream)
    images = IMAGES.double()
    expected = by_hand(network, images, stream)
    torch.testing.assert_close(network(images), expected["logits"])
    for block in blocks_of(name).values():
        for column, layer in block.layers.items():
            torch.testing.assert_close(cut_after(network, layer)(images), expected[f"{block.name} {column}"])
        before, after = split_after(network, block.stream)
        torch.testing.assert_close(after(before(images)), expected["logits"])
        if block.padded:
            at_in = expected[f"{block.name} In"]
            assert not at_in[:, -block.padded :].any() and at_in[:, : -block.padded].any()


@pytest.mark.parametrize(("plain", "padded"), PAIRS)
def test_without_its_stream_a_network_is_the_plain_one_bit_for_bit(plain, padded):
    one, other = (enlivened(initial_network(name, 0, 12)).eval() for name in (plain, padded))
    missing = other.load_state_dict(one.state_dict(), strict=False).missing_keys
    assert len(missing) == 8 and all(name.endswith(".stream") for name in missing)
    whole = other(IMAGES)
    assert torch.equal(with_stream(other, 0)(IMAGES), one(IMAGES)) and not torch.equal(whole, one(IMAGES))
    assert torch.equal(with_stream(other, 1)(IMAGES), whole)


def test_weights_of_a_file_carry_their_stream(tmp_path):
    network = with_stream(randomized("small_zero_padded", 12), 0.25)
    save(network, tmp_path / "weights.safetensors")
    loaded = resolve("small_zero_padded", str(tmp_path / "weights.safetensors"))
    assert torch.equal(loaded(IMAGES), network(IMAGES)) and loaded.layer3[1].stream == 0.25
    with pytest.raises(InputError, match="small_plain: .*layer1.0.stream, which the network does not have"):
        resolve("small_plain", str(tmp_path / "weights.safetensors"))


def test_random_weights_have_the_stream_that_is_asked_for():
    streams = {stream: random_network("small_zero_padded", 0, [IMAGES], stream) for stream in (0, 0.5, 1)}
    plain = random_network("small_plain", 0, [IMAGES])
    assert torch.equal(streams[0](IMAGES), plain(IMAGES)) and not torch.equal(streams[0.5](IMAGES), streams[1](IMAGES))
    for name in ("small", "small_plain"):
        with pytest.raises(InputError, match=r"model\.stream: ResNet cannot add In in part; give 1"):
            random_network(name, 0, [IMAGES], 0.5)


def test_descriptions_say_what_has_a_stream():
    plain, padded, projected = (description(name) for name in ("small_plain", "small_zero_padded", "small"))
    assert [each.has_stream for each in (plain, padded, projected)] == [False, True, True]
    assert [each.is_graded for each in (plain, padded, projected)] == [False, True, False]
    assert [block.name for block in plain.blocks] == ["1.1", "2.1", "3.1", "4.1"]
    assert {block.name: block.padded for block in padded.blocks if block.padded} == {"2.0": 8, "3.0": 8, "4.0": 16}
    assert {name: each.receptive_field for name, each in padded.layers.items()} == {
        name: each.receptive_field for name, each in projected.layers.items()
    }  # of the same names, so that jitters by layer hold for it too


@pytest.mark.parametrize("layer", ["layer2.0.downsample.1", "layer3.0", "layer4.0.downsample.1"])
def test_center_neurons_are_computed_from_what_they_see(layer):
    part = cut_after(alike("small_zero_padded", 0.5), layer)
    images = torch.randn(2, 3, 112, 112, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    try:
        seen = window(part, 112, center_span)
    except NotLocalError as unknown:
        pytest.fail(f"{unknown} is not known")
    maps, rows = part(images), slice(*seen.span)
    middle = slice(maps.shape[2] // 2, maps.shape[2] // 2 + 1)
    found = restricted(part, seen.margins)(images[:, :, rows, rows])
    torch.testing.assert_close(found, maps[:, :, middle, middle])


@pytest.mark.parametrize(("name", "stream"), [("small_plain", None), ("small_zero_padded", 0.4)])
def test_ablation_is_a_plain_pass_with_channels_overwritten(name, stream):
    network, images = alike(name, 1 if stream is None else stream), IMAGES.double()
    block = blocks_of(name)["3.1"]
    means = torch.linspace(0.1, 2, block.channels, dtype=torch.float64)
    ours = list(AblatedNetwork(network, block, means).logits(images, [[], [1, 5]]))

    def overwrite(_module, _inputs, output):
        output = output.clone()
        output[:, [1, 5]] = means[[1, 5], None, None]
        return output

    torch.testing.assert_close(ours[0], by_hand(network, images, stream)["logits"])
    hook = network.layer3[1].register_forward_hook(overwrite)
    torch.testing.assert_close(ours[1], network(images))
    hook.remove()


def noise(count: int, seed: int) -> list:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randint(0, 256, (64, 64, 3), generator=generator, dtype=torch.uint8).numpy() for _ in range(count)]


def centers(network, picture, stream: float | None, block: str) -> list[torch.Tensor]:
    """In, Pre and Post of the center neuron, (C,), of an 8-bit image."""
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    inputs = ((torch.from_numpy(picture) / 255 - mean) / std).permute(2, 0, 1)[None]
    maps = [by_hand(network, inputs, stream)[f"{block} {column}"] for column in ("In", "Pre", "Post")]
    return [each[0, :, each.shape[2] // 2, each.shape[3] // 2] for each in maps]


@pytest.mark.parametrize(("name", "stream", "number"), [("small_plain", None, "2.1"), ("small_zero_padded", 0.4, "2.0")])
def test_responses_are_those_of_passes_written_out_and_branches_of_others_are_added_as_the_network_adds(name, stream, number):
    network = alike(name, 1 if stream is None else stream).float()
    block, described = blocks_of(name)[number], description(name)
    x_in, x_pre = noise(block.channels, 0), noise(block.channels, 1)
    found = measure(network, block, described.bypass(block), x_in, x_pre)
    for answers, pictures in ((found.x_in, x_in), (found.x_pre, x_pre)):
        for channel in (0, 7, 23):
            expected = centers(network, pictures[channel], stream, number)
            for ours, plain in zip((answers.at_in, answers.pre, answers.post), expected):
                torch.testing.assert_close(torch.from_numpy(ours[channel]), plain, rtol=1e-4, atol=1e-4)
    weight = stream or 0
    for c, other in ((3, 11), (20, 2)):  # In of the first, Pre of the second
        at_in, pre = found.x_in.at_in[c], found.x_in.pre[c]
        assert found.x_in.rewired[c, other] == pytest.approx(max(0, weight * at_in[c] + pre[other]), abs=1e-5)
        at_in, pre = found.x_pre.at_in[other], found.x_pre.pre[other]
        assert found.x_pre.rewired[other, c] == pytest.approx(max(0, weight * at_in[c] + pre[other]), abs=1e-5)
    rows = list(evaluate(number, found, 100.0, block.padded))
    unpadded = list(evaluate(number, found, 100.0))
    kept = block.channels - block.padded
    assert rows[:kept] == unpadded[:kept] and any(row["passes"] for row in rows)
    assert not any(row[term] for row in rows[kept:] for term in ("ratio", "gain_passes", "ratio_passes", "passes"))
    assert any(row["passes"] for row in unpadded[kept:]) or not block.padded
    first = found.of_first(kept)
    assert first.x_in.rewired.shape == first.x_pre.post.shape == (kept, kept) and first.x_in_scaled.rewired is None


@pytest.mark.parametrize(("name", "number", "without"), [("small_plain", "2.1", 0), ("small_zero_padded", "2.0", 8)])
def test_measures_work_without_a_stream_and_of_padded_channels(name, number, without):
    """The gradient of an In that is always zero is zero, so that it has no circuit; and In does not vary."""
    network, block, octaves = randomized(name, 12), blocks_of(name)[number], [-0.5, 0, 0.5]
    circuit = Circuit.of(network, block, 64)
    columns, kernels = zip(*compare(circuit, octaves))
    rows = judged(octaves, np.stack(columns, axis=2))
    missing = [row["channel"] for row in rows if row["matched"] is None]
    assert missing == list(range(block.channels - without, block.channels))
    assert [channel for channel, each in enumerate(kernels) if each is None] == missing
    at_in, pre, _ = CenterNeurons(network, block, 64, [0, 1])(IMAGES)
    assert not at_in[:, :, block.channels - without :].any() and pre.any(dim=0).all()
