"""Networks against plain torchvision and plain forward passes."""

import pytest
import torch
from safetensors.torch import save_file
from torch.nn import functional as F
from torchvision.models import resnet18

from conftest import randomized
from scalestream import network as networks
from scalestream.architectures import blocks, layer_channels, select_blocks
from scalestream.errors import InputError

IMAGES = torch.randn(2, 3, 96, 96, generator=torch.Generator().manual_seed(0))


def plain_activations(network, layers: list[str]) -> dict[str, torch.Tensor]:
    """A plain forward pass with hooks that copy each layer's output before anything is added to it."""
    kept = {}
    handles = [network.get_submodule(layer).register_forward_hook(lambda _m, _i, out, layer=layer: kept.update({layer: out.clone()}))
               for layer in layers]
    network(IMAGES)
    for handle in handles:
        handle.remove()
    return kept


def test_resnet18_is_torchvisions():
    torch.manual_seed(0)
    plain = resnet18().eval()
    ours = networks.with_weights("resnet18", plain.state_dict(), "x")
    assert list(ours.state_dict()) == list(plain.state_dict())
    torch.testing.assert_close(ours(IMAGES), plain(IMAGES))


@pytest.mark.parametrize("layer", list(layer_channels(list(blocks("small").values()))))
def test_a_cut_network_gives_the_layers_output(small, layer):
    expected = plain_activations(small, [layer])[layer]
    torch.testing.assert_close(networks.cut_after(small, layer)(IMAGES), expected)


def test_post_is_the_rectified_sum_of_in_and_pre(small):
    for block in blocks("small").values():
        kept = plain_activations(small, list(block.layers.values()))
        torch.testing.assert_close(kept[block.post], F.relu(kept[block.input] + kept[block.pre]))
        assert kept[block.post].shape[1] == block.channels


@pytest.mark.parametrize("block", list(blocks("small")))
def test_the_two_halves_give_the_networks_logits(small, block):
    before, after = networks.split_after(small, block)
    torch.testing.assert_close(before(IMAGES), plain_activations(small, [f"layer{block}"])[f"layer{block}"])
    torch.testing.assert_close(after(before(IMAGES)), small(IMAGES))


@pytest.mark.parametrize(("height", "width", "row", "column"), [(4, 4, 2, 2), (5, 5, 2, 2), (7, 4, 3, 2), (1, 1, 0, 0)])
def test_center_neuron(height, width, row, column):
    from lucent.optvis.objectives_util import _extract_act_pos

    maps = torch.arange(2 * 3 * height * width).reshape(2, 3, height, width)
    assert torch.equal(networks.center(maps), maps[:, :, row, column])
    if height == width:
        assert torch.equal(networks.center(maps), _extract_act_pos(maps)[:, :, 0, 0])


def test_layers_of_the_paper():
    layers = layer_channels(list(blocks("resnet18").values()))
    assert list(blocks("resnet18")) == ["1.1", "2.0", "2.1", "3.0", "3.1", "4.0", "4.1"]
    assert len(layers) == 18 and sum(layers.values()) == 4672
    assert list(layers)[:5] == ["layer1.0", "layer1.1.bn2", "layer1.1", "layer2.0.downsample.1", "layer2.0.bn2"]
    assert blocks("resnet18")["2.1"].layers == {"In": "layer2.0", "Pre": "layer2.1.bn2", "Post": "layer2.1"}
    for layer, channels in layers.items():
        module = resnet18().get_submodule(layer)
        assert channels == getattr(module, "bn2", module).num_features


def test_an_unknown_block_is_named_with_those_there_are():
    with pytest.raises(InputError, match=r"blocks: small has no block '1\.0'; it has 1\.1, 2\.0"):
        select_blocks("small", ["2.1", "1.0"], "blocks")


def without(state, name):
    return {key: value for key, value in state.items() if key != name}


@pytest.mark.parametrize(("change", "message"), [
    (lambda state: without(state, "layer2.0.conv1.weight"), r"layer2\.0\.conv1\.weight is missing"),
    (lambda state: state | {"conv1.weight": torch.zeros(64, 3, 7, 7)}, r"conv1\.weight has shape \(64, 3, 7, 7\), the network needs \(16, 3, 7, 7\)"),
    (lambda state: state | {"fc.weight": state["fc.weight"].long()}, r"fc\.weight is not a plain tensor of floating-point"),
    (lambda state: state | {"fc.bias": torch.tensor(1.0)}, r"fc\.weight has shape \(12, 48\), the network needs \(1000, 48\)"),
    (lambda state: state | {"extra": torch.zeros(1)}, "it holds extra, which the network does not have"),
    (lambda state: state | {"fc.weight": state["fc.weight"] * float("nan")}, r"fc\.weight holds NaN or infinite values"),
])
def test_weights_that_do_not_fit_are_refused(tmp_path, change, message):
    path = tmp_path / "weights.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in change(randomized("small", 12).state_dict()).items()}, path)
    with pytest.raises(InputError, match=message) as error:
        networks.resolve("small", str(path))
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_counters_of_any_shape_are_no_reason_to_refuse(tmp_path):
    state = randomized("small", 12).state_dict() | {"bn1.num_batches_tracked": torch.zeros(3)}
    assert torch.equal(networks.with_weights("small", state, "x")(IMAGES), randomized("small", 12)(IMAGES))


def test_weights_that_cannot_be_fetched(monkeypatch):
    def fail(*_args, **_kwargs):
        raise OSError("no route to host")

    monkeypatch.setattr("torchvision.models.ResNet18_Weights.get_state_dict", fail)
    with pytest.raises(InputError, match=r"IMAGENET1K_V1 cannot be fetched \(no route to host\); fetch it elsewhere"):
        networks.resolve("resnet18", "IMAGENET1K_V1")


def test_a_torch_file_gives_the_same_network(tmp_path):
    network = randomized("small", 7)
    torch.save(network.state_dict(), tmp_path / "weights.pth")
    loaded = networks.resolve("small", str(tmp_path / "weights.pth"))
    assert torch.equal(loaded(IMAGES), network(IMAGES)) and loaded.fc.out_features == 7


@pytest.mark.parametrize("content", [b"", b"no weights", None])
def test_a_file_that_is_no_state_dict_is_refused(tmp_path, content):
    path = tmp_path / "weights.pth"
    torch.save({"model": {}}, path) if content is None else path.write_bytes(content)
    with pytest.raises(InputError, match="state dict") as error:
        networks.resolve("small", str(path))
    assert "\n" not in str(error.value)
