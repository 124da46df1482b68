"""Networks with weights: fetched, shipped, or read from a file, and checked before they are loaded."""

import hashlib
from pathlib import Path

import safetensors.torch
import torch
from torch import nn

from scalestream.errors import InputError, in_one_line, misfit
from scalestream.networks.architectures import architecture


def build(name: str, num_classes: int) -> nn.Module:
    """The named network with freshly initialised weights, in eval mode."""
    return architecture(name).build(num_classes).eval()


def fetch_weights(name: str, weights: str) -> dict[str, torch.Tensor]:
    """The state dict of shipped or published weights, or of a .safetensors or torch file.

    Raises InputError for a file that cannot be read as a state dict.
    """
    family = architecture(name)
    if weights in family.published_weights:
        try:
            return family.fetch(weights)
        except OSError as error:
            raise InputError(
                f"model.weights: {weights} cannot be fetched ({in_one_line(error)}); fetch it elsewhere and "
                "give the file as model.weights"
            ) from error
    path = str(family.shipped_weights.get(weights, weights))
    try:
        if path.endswith(".safetensors"):
            return safetensors.torch.load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise InputError(
            f"model.weights: {weights} is not a readable state dict ({in_one_line(error)}); "
            "save one with torch.save(model.state_dict(), ...)"
        ) from error
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise InputError(
            f"model.weights: {weights} holds no plain state dict; save one with torch.save(model.state_dict(), ...)"
        )
    return state


def published_name(name: str, weights: str) -> str | None:
    """The name that weights are published under: their own, or that of the published file which they are a copy of.

    A copy is known by its content; None for other weights.
    """
    family = architecture(name)
    if weights in family.published_weights:
        return weights
    if not Path(weights).is_file():
        return None
    digest = hashlib.sha256(Path(weights).read_bytes()).hexdigest()
    return next((each for each in family.published_weights if digest.startswith(family.published_digest(each))), None)


def with_weights(name: str, state: dict[str, torch.Tensor], source: str) -> nn.Module:
    """The network holding `state`, frozen, in eval mode; the number of classes is read from the state.

    Raises InputError naming `source` and the first parameter that does not fit.
    """
    network = build(name, architecture(name).classes(state))
    _require_fit(network.state_dict(), state, name, source)
    network.load_state_dict({key: tensor for key, tensor in state.items() if not _is_counter(key)}, strict=False)
    return network.requires_grad_(False)


def resolve(architecture: str, weights: str) -> nn.Module:
    """The network that the configuration names, frozen, in eval mode; raises InputError as the steps do."""
    return with_weights(architecture, fetch_weights(architecture, weights), weights)


def save(network: nn.Module, path: str | Path) -> str:
    """Write the network's state dict as safetensors; returns the file's sha256."""
    data = safetensors.torch.save({name: tensor.contiguous() for name, tensor in network.state_dict().items()})
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
