"""CORnet-S against a plain definition of it that reads the published entries, and its state dict."""

from collections import Counter
from copy import deepcopy

import pytest
import torch
from safetensors.torch import load, save
from torch import fx
from torch.nn import functional as F

from scalestream.networks.families.cornet_s import CORnetS
from scalestream.networks.weights import fetch_weights

STEPS = {"V2": 2, "V4": 4, "IT": 2}
CHANNELS = {"V1": 64, "V2": 128, "V4": 256, "IT": 512}
FORMER = {"V2": "V1", "V4": "V2", "IT": "V4"}
LATER_STEPS = [(area, f"t{step}") for area in STEPS for step in range(1, STEPS[area])]
IMAGES = torch.randn(2, 3, 96, 96, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def published_shapes() -> dict[str, tuple[int, ...]]:
    """The entries of the published file."""
    convolutions = {"V1.conv1": (64, 3, 7, 7), "V1.conv2": (64, 64, 3, 3)}
    norms = {"V1.norm1": 64, "V1.norm2": 64}
    for area, steps in STEPS.items():
        n = CHANNELS[area]
        convolutions[f"{area}.conv_input"] = (n, CHANNELS[FORMER[area]], 1, 1)
        convolutions[f"{area}.skip"] = (n, n, 1, 1)
        convolutions[f"{area}.conv1"] = (4 * n, n, 1, 1)
        convolutions[f"{area}.conv2"] = (4 * n, 4 * n, 3, 3)
        convolutions[f"{area}.conv3"] = (n, 4 * n, 1, 1)
        norms[f"{area}.norm_skip"] = n
        for step in range(steps):
            norms |= {f"{area}.norm1_{step}": 4 * n, f"{area}.norm2_{step}": 4 * n, f"{area}.norm3_{step}": n}
    shapes = {f"{name}.weight": shape for name, shape in convolutions.items()}
    for name, n in norms.items():
        shapes |= {f"{name}.{entry}": (n,) for entry in ("weight", "bias", "running_mean", "running_var")}
        shapes[f"{name}.num_batches_tracked"] = ()
    return shapes | {"decoder.linear.weight": (1000, 512), "decoder.linear.bias": (1000,)}


def seeded_entry(name: str, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    """Convolutions that keep the variance, and norms that are not trivial."""
    if name.endswith("num_batches_tracked"):
        return torch.tensor(7)
    entry = torch.empty(shape, dtype=torch.float64)
    if name.endswith("running_var") or ".norm" in name and name.endswith(".weight"):
        return entry.uniform_(0.5, 1.5, generator=generator)
    if len(shape) == 1:
        return entry.normal_(std=0.2, generator=generator)
    return entry.normal_(std=(2 / entry[0].numel()) ** 0.5, generator=generator)


@pytest.fixture(scope="module")
def state():
    generator = torch.Generator().manual_seed(0)
    return {name: seeded_entry(name, shape, generator) for name, shape in published_shapes().items()}


@pytest.fixture(scope="module")
def network(state):
    """Holds `state`; in float64, eval mode, frozen, and not to be changed."""
    network = CORnetS().double()
    network.load_state_dict(state)
    return network.eval().requires_grad_(False)


class Published:
    """The network layer by layer, as the paper describes it; `used` are the entries that it read."""

    def __init__(self, state: dict[str, torch.Tensor]):
        self.state, self.used = state, set()

    def entry(self, name: str) -> torch.Tensor:
        self.used.add(name)
        return self.state[name]

    def conv(self, x, name, stride=1, padding=0):
        return F.conv2d(x, self.entry(f"{name}.weight"), stride=stride, padding=padding)

    def norm(self, x, name):
        self.used.add(f"{name}.num_batches_tracked")
        mean, variance = self.entry(f"{name}.running_mean"), self.entry(f"{name}.running_var")
        return F.batch_norm(x, mean, variance, self.entry(f"{name}.weight"), self.entry(f"{name}.bias"))

    def area(self, x, area):
        x = self.conv(x, f"{area}.conv_input")
        for t in range(STEPS[area]):
            stride = 2 if t == 0 else 1
            bypass = self.norm(self.conv(x, f"{area}.skip", stride=2), f"{area}.norm_skip") if t == 0 else x
            x = F.relu(self.norm(self.conv(x, f"{area}.conv1"), f"{area}.norm1_{t}"))
            x = F.relu(self.norm(self.conv(x, f"{area}.conv2", stride=stride, padding=1), f"{area}.norm2_{t}"))
            x = F.relu(self.norm(self.conv(x, f"{area}.conv3"), f"{area}.norm3_{t}") + bypass)
        return x

    def logits(self, images):
        x = F.relu(self.norm(self.conv(images, "V1.conv1", stride=2, padding=3), "V1.norm1"))
        x = F.max_pool2d(x, 3, stride=2, padding=1)
        x = F.relu(self.norm(self.conv(x, "V1.conv2", padding=1), "V1.norm2"))
        for area in STEPS:
            x = self.area(x, area)
        return F.linear(x.mean((2, 3)), self.entry("decoder.linear.weight"), self.entry("decoder.linear.bias"))


def test_logits_are_those_of_the_plain_definition_which_uses_every_entry(network, state):
    plain = Published(state)
    logits = plain.logits(IMAGES)
    assert logits.std() > 0.1 and (logits[0] - logits[1]).std() > 0.1
    torch.testing.assert_close(network(IMAGES), logits, rtol=1e-12, atol=1e-12)
    assert plain.used == set(state)


def test_entries_and_shapes_are_the_published_ones(network, state):
    own = network.state_dict()
    assert {name: tuple(entry.shape) for name, entry in own.items()} == published_shapes()
    assert len(own) == 164
    assert all(torch.equal(own[name], state[name]) for name in state)
    assert sum(parameter.numel() for parameter in network.parameters()) == 53_416_616


@pytest.mark.parametrize(
    "name", ["V4.conv2.weight", "V4.norm3_2.running_var", "IT.norm_skip.num_batches_tracked", "V1.conv1.weight"]
)
def test_a_missing_entry_is_named_as_published(network, state, name):
    rest = {key: entry for key, entry in state.items() if key != name}
    copy = deepcopy(network)
    with pytest.raises(RuntimeError) as error:
        copy.load_state_dict(rest)
    _, *lines = str(error.value).split("\n\t")
    assert lines == [f'Missing key(s) in state_dict: "{name}". ']
    assert copy.load_state_dict(rest, strict=False) == ([name], [])


@pytest.mark.parametrize("name", ["V4.t2.conv2.weight", "V4.norm3_4.weight", "V2.conv4.weight", "fc.bias"])
def test_an_entry_of_another_name_is_refused(network, state, name):
    copy = deepcopy(network)
    with pytest.raises(RuntimeError) as error:
        copy.load_state_dict(state | {name: torch.zeros(1)})
    _, *lines = str(error.value).split("\n\t")
    assert lines == [f'Unexpected key(s) in state_dict: "{name}". ']


def test_saved_as_safetensors_and_loaded_again(network):
    single = deepcopy(network).float()
    loaded = CORnetS().eval()
    loaded.load_state_dict(load(save(single.state_dict())))
    assert torch.equal(loaded(IMAGES.float()), single(IMAGES.float()))


def convolution_weights(network: CORnetS, area: str, step: str) -> list[torch.nn.Parameter]:
    return [network.get_submodule(f"{area}.{step}.conv{number}").weight for number in (1, 2, 3)]


def all_tied(network: CORnetS) -> bool:
    return all(
        weight is first
        for area, step in LATER_STEPS
        for weight, first in zip(convolution_weights(network, area, step), convolution_weights(network, area, "t0"))
    )


def test_a_copy_has_ties_and_names_of_its_own(network, state):
    copy = deepcopy(network)
    assert all_tied(network) and all_tied(copy)
    copy.load_state_dict({name: torch.zeros_like(entry) for name, entry in state.items()})
    copy.load_state_dict({}, strict=False)
    assert list(copy.state_dict()) == list(network.state_dict())
    assert not any(entry.any() for entry in copy.state_dict().values())
    assert all(torch.equal(entry, state[name]) for name, entry in network.state_dict().items())


def test_a_new_network_has_ties_and_entries_that_are_assigned_keep_them(state):
    with torch.device("meta"):
        network = CORnetS()
    assert all_tied(network)
    network.load_state_dict(state, assign=True)
    assert all_tied(network)


def test_entries_carry_the_name_of_a_network_around_it(network, state):
    around = torch.nn.ModuleDict({"other": torch.nn.Linear(2, 2), "inner": network})
    own = around.state_dict()
    assert set(own) == {f"inner.{name}" for name in state} | {"other.weight", "other.bias"}
    around.load_state_dict(own)


def test_every_module_is_called_once(network):
    copy, calls = deepcopy(network), Counter()
    for name, module in copy.named_modules():
        module.register_forward_hook(lambda *_, name=name: calls.update([name]))
    copy(IMAGES)
    assert calls == {name: 1 for name, _ in copy.named_modules()}


def test_a_steps_output_is_the_rectified_sum_and_overwrites_neither(network):
    """Hooks keep references, so an addition in place would show."""
    copy, kept = deepcopy(network), {}
    for name, module in copy.named_modules():
        module.register_forward_hook(lambda _module, _inputs, output, name=name: kept.update({name: output}))
    copy(IMAGES)
    for area in STEPS:
        assert torch.equal(kept[f"{area}.t0"], F.relu(kept[f"{area}.t0.norm_skip"] + kept[f"{area}.t0.norm3"]))
        assert kept[f"{area}.t0.norm3"].min() < 0
    for area, step in LATER_STEPS:
        former = f"t{int(step[1:]) - 1}"
        assert torch.equal(kept[f"{area}.{step}"], F.relu(kept[f"{area}.{former}"] + kept[f"{area}.{step}.norm3"]))
        assert kept[f"{area}.{step}.norm3"].min() < 0


def test_the_traced_graph_is_the_network(network):
    traced = fx.symbolic_trace(network)
    assert torch.equal(traced(IMAGES), network(IMAGES))
    called = [node.target for node in traced.graph.nodes if node.op == "call_module"]
    assert sorted(called) == sorted(name for name, module in network.named_modules() if not list(module.children()))


def test_the_published_checkpoint_is_unwrapped(monkeypatch):
    """As its authors' training in parallel wrote it, with more than the weights."""
    state = CORnetS().state_dict()
    checkpoint = {"epoch": 43, "optimizer": {}, "state_dict": {f"module.{name}": value for name, value in state.items()}}
    monkeypatch.setattr("torch.hub.load_state_dict_from_url", lambda *_args, **_kwargs: checkpoint)
    fetched = fetch_weights("cornet_s", "pretrained")
    assert list(fetched) == list(state) and all(torch.equal(fetched[name], state[name]) for name in state)
