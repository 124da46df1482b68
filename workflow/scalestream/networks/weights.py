"""Networks with weights: fetched, shipped, random, or read from a file, and checked before they are loaded."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import safetensors.torch
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from scalestream.errors import InputError, in_one_line, misfit, not_weights
from scalestream.networks.architectures import architecture, description, published
from scalestream.networks.interface import Description, is_stream

CHECKPOINTS = ("state_dict", "model")  # keys of a training's checkpoint that the state dict stands under
LINEAR = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


def build(name: str, num_classes: int | None = None) -> nn.Module:
    """The named network with freshly initialised weights, in eval mode."""
    return architecture(name).build(num_classes).eval()


@torch.no_grad()
def with_stream(network: nn.Module, stream: float) -> nn.Module:
    """The network itself, whose blocks add In times `stream`, a number in 0 to 1; raises InputError where it only ever adds In
    as it is, or has no stream."""
    numbers = [buffer for name, buffer in network.named_buffers() if is_stream(name)]
    if stream != 1 and not numbers:
        raise InputError(f"model.stream: {type(network).__name__} cannot add In in part; give 1")
    for number in numbers:
        number.fill_(stream)
    return network


def fetch_weights(name: str, weights: str) -> dict[str, torch.Tensor]:
    """The state dict of shipped or published weights, or of a .safetensors or torch file.

    Of a training's checkpoint it is the state dict inside, and of one in parallel the names without `module.`. Raises
    InputError for a file that cannot be read as a state dict.
    """
    if weights in description(name).weights:
        try:
            return _unwrapped(architecture(name).fetch(weights), weights)
        except OSError as error:
            raise InputError(
                f"model.weights: {weights} of {name} cannot be fetched ({in_one_line(error)}); fetch it elsewhere and "
                "give the file as model.weights"
            ) from error
    try:
        if weights.endswith(".safetensors"):
            return safetensors.torch.load_file(weights)
        state = torch.load(weights, map_location="cpu", weights_only=True)
    except Exception as error:
        raise InputError(
            f"model.weights: {weights} is not a readable state dict: {not_weights(error)}; "
            "save one with torch.save(model.state_dict(), ...)"
        ) from error
    return _unwrapped(state, weights)


def _unwrapped(state: object, source: str) -> dict[str, torch.Tensor]:
    for key in CHECKPOINTS:
        if isinstance(state, dict) and isinstance(state.get(key), dict):
            state = state[key]
    if not isinstance(state, dict) or not state or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise InputError(
            f"model.weights: {source} holds no plain state dict; save one with torch.save(model.state_dict(), ...)"
        )
    in_parallel = all(name.startswith("module.") for name in state)
    return {name.removeprefix("module."): value for name, value in state.items()} if in_parallel else state


@torch.no_grad()
def random_network(name: str, seed: int, batches: Iterable[torch.Tensor], stream: float = 1) -> nn.Module:
    """The network with random weights (He et al. 2015), from the seed alone, frozen, in eval mode.

    batches: network input (N, 3, S, S), for the statistics of batch norms, whose gains are one. All biases are zero. Parameters
    of other modules stay as they are built. stream: as for `with_stream`.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = with_stream(build(name), stream)
        for module in network.modules():
            if isinstance(module, LINEAR):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
    for norm in _norms(network):
        norm.reset_parameters()
    return _with_statistics(network, batches)


@torch.no_grad()
def permuted_network(network: nn.Module, seed: int, batches: Iterable[torch.Tensor]) -> nn.Module:
    """The network itself, with the weights of each convolution and each linear layer in random order, from the seed alone.

    batches: as for `random_network`; the gains and biases of batch norms stay.
    """
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, LINEAR):
            weights = module.weight.flatten()
            module.weight.copy_(weights[torch.randperm(len(weights), generator=generator)].view_as(module.weight))
    return _with_statistics(network, batches)


def _norms(network: nn.Module) -> list[_BatchNorm]:
    return [module for module in network.modules() if isinstance(module, _BatchNorm)]


def _with_statistics(network: nn.Module, batches: Iterable[torch.Tensor]) -> nn.Module:
    """The network, frozen, in eval mode, whose batch norms have the means and variances of their inputs over the batches, as in
    training."""
    for norm in _norms(network):
        norm.reset_running_stats()
        norm.momentum = None  # all batches count alike
        norm.train()
    for batch in batches if _norms(network) else ():
        network(batch)
    return network.eval().requires_grad_(False)


def planted_network(name: str, seed: int, planted: dict) -> nn.Module:
    """The planted network of a seed, as the configuration has it under model.planted."""
    return architecture(name).plant(seed, **planted)


def published_name(name: str, weights: str) -> str | None:
    """The name that weights are published under: their own, or that of the published file which they are a copy of.

    A copy is known by its content; None for other weights.
    """
    names = published(description(name))
    if weights in names:
        return weights
    if not Path(weights).is_file():
        return None
    digest = hashlib.sha256(Path(weights).read_bytes()).hexdigest()
    digits = {each: architecture(name).published_digest(each) for each in names}
    return next((each for each, begin in digits.items() if begin and digest.startswith(begin)), None)


def with_weights(described: Description, state: dict[str, torch.Tensor], source: str) -> nn.Module:
    """The network holding `state`, frozen, in eval mode; the number of classes is read from the state.

    Raises InputError naming `source` and the first parameter that does not fit.
    """
    network = build(described.architecture, classes(described, state))
    _require_fit(network.state_dict(), state, described.architecture, source)
    network.load_state_dict({key: tensor for key, tensor in state.items() if not _is_counter(key)}, strict=False)
    return network.requires_grad_(False)


def classes(described: Description, state: dict[str, torch.Tensor]) -> int | None:
    """The number of classes that a state dict was trained for; None where it has no weights of the classifier, so that loading
    says what is missing."""
    weight = state.get(f"{described.classifier}.weight")
    return len(weight) if weight is not None and weight.ndim else None


def resolve(name: str, weights: str) -> nn.Module:
    """The network that the configuration names, frozen, in eval mode; raises InputError as the steps do."""
    return with_weights(description(name), fetch_weights(name, weights), weights)


def save(network: nn.Module, path: str | Path) -> str:
    """Write the network's state dict as safetensors; returns the file's sha256."""
    state = {name: tensor.clone(memory_format=torch.contiguous_format) for name, tensor in network.state_dict().items()}
    data = safetensors.torch.save(state)
    Path(path).write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def _is_counter(name: str) -> bool:
    """Whether the entry only counts the batches that a batch norm was trained on."""
    return name.endswith("num_batches_tracked")


def _require_fit(expected: dict[str, torch.Tensor], state: dict[str, torch.Tensor], architecture: str, source: str) -> None:
    for key, tensor in expected.items():
        if _is_counter(key):
            continue
        if key not in state:
            raise misfit(architecture, source, f"{key} is missing")
        given = state[key]
        if given.shape != tensor.shape:
            raise misfit(architecture, source, f"{key} has shape {tuple(given.shape)}, the network needs {tuple(tensor.shape)}")
        if not given.is_floating_point() or given.layout != torch.strided or given.is_meta:
            raise misfit(architecture, source, f"{key} is not a plain tensor of floating-point numbers")
        if not torch.isfinite(given).all():
            raise misfit(architecture, source, f"{key} holds NaN or infinite values")
    for key in state:
        if key not in expected:
            raise misfit(architecture, source, f"it holds {key}, which the network does not have")
