"""Describing a network: what is asked of it later without building it."""

import torch
from torch import nn

from scalestream.errors import InputError, in_one_line
from scalestream.networks.architectures import architecture, source_digest, versions
from scalestream.networks.discovery import describe_layers, describe_maps, find_blocks, named_blocks
from scalestream.networks.interface import Description, Preprocessing, is_stream
from scalestream.networks.tracing import Traced, module_of, trace

CLASSIFIERS = (nn.Linear, nn.Conv2d)


def describe(name: str) -> Description:
    """The description of a named network; raises InputError where it cannot be built or traced."""
    family = architecture(name)
    network = family.build().eval().requires_grad_(False)
    weights = family.weights()
    size = next(iter(weights.values()), Preprocessing()).crop
    traced = trace(network)
    _require_exact(network, traced, size)
    named = family.streamless_blocks() if hasattr(family, "streamless_blocks") else []
    blocks, left_out = (named_blocks(traced, named, size), {}) if named else find_blocks(traced, size)
    layers = describe_layers(traced, blocks) if blocks else describe_maps(traced, size)
    classifier = _classifier(traced)
    stream = "none" if named else "graded" if any(is_stream(name) for name, _ in network.named_buffers()) else "fixed"
    return Description(name, tuple(blocks), layers, left_out, weights, classifier, source_digest(name), versions(), stream)


@torch.inference_mode()
def _require_exact(network: nn.Module, traced: Traced, size: int) -> None:
    """Raises InputError unless the graph computes what the network does, bit for bit."""
    parameter = next(network.parameters(), torch.empty(0))
    image = torch.randn(1, 3, size, size, generator=torch.Generator().manual_seed(0)).to(parameter)
    try:
        logits = network(image)
    except Exception as error:
        raise InputError(
            f"{type(network).__name__}: the network takes no image of {size} x {size} pixels ({in_one_line(error)}); "
            "it must map images (N, 3, S, S) to logits (N, classes)"
        ) from error
    if not isinstance(logits, torch.Tensor) or logits.ndim != 2 or not len(logits) == 1:
        raise InputError(f"{type(network).__name__}: the network must return logits (N, classes) of images (N, 3, S, S)")
    if not torch.equal(traced.module(image), logits):
        raise InputError(
            f"{type(network).__name__}: the network that torch.fx traces computes other logits than it does itself"
        )


def _classifier(traced: Traced) -> str:
    """The last module with weights that the logits come through."""
    for node in reversed(traced.module.graph.nodes):
        if isinstance(module_of(traced.module, node), CLASSIFIERS):
            return node.target
    raise InputError("the network has no linear layer that makes its logits")
