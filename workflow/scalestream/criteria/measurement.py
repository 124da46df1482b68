"""Passes of visualizations through the network, one for each image, for what equations 1 and 2 and their nulls compare."""

from collections.abc import Callable
from functools import partial
from operator import itemgetter

import numpy as np
import torch
from torch import fx, nn

from scalestream.activations.center import center
from scalestream.criteria.responses import Answers, Responses
from scalestream.errors import InputError
from scalestream.images.preprocessing import IMAGENET, Normalization, magnify, normalize, to_tensor
from scalestream.networks.device import device
from scalestream.networks.graph import cut_after, joined, maps_of
from scalestream.networks.interface import Block
from scalestream.networks.receptive_field import center_row

BATCH = 64


def measure(
    network: nn.Module,
    block: Block,
    bypass: str,
    x_in: list[np.ndarray],
    x_pre: list[np.ndarray],
    magnification: float = 2,
    about: str = "image",
    normalization: Normalization = IMAGENET,
) -> Responses:
    """The answers of all channels to every channel's visualizations, and those of a rewired block.

    bypass: the layer that Pre is added to, which is In but in a pair of blocks. x_in, x_pre: center-neuron visualizations at In
    and Pre, 8-bit RGB (S, S, 3), in the order of the channels. about: what S magnifies about, the middle of the "image", as the
    paper, or what the center "neuron" of Pre looks at. Raises InputError naming the channel when an activation is not finite.
    """
    part = maps_of(network, [*block.layers.values(), bypass]).to(device())
    post = joined(network, bypass, block.pre, block.post).to(device())
    row = center_row(cut_after(network, block.pre), len(x_in[0])) if about == "neuron" else None
    of_in, of_pre = (_activations(part, images, block, normalization) for images in (x_in, x_pre))
    of_scaled = _activations(part, x_in, block, normalization, partial(magnify, factor=magnification, about=row))
    branches, own_branch = of_in[block.pre].T, of_pre[block.pre].diagonal()[:, None]
    rewired_in = _of_neurons(post, of_in[bypass].diagonal(), branches).T
    rewired_pre = _of_neurons(post, of_pre[bypass], own_branch)
    for rewired, activations in ((rewired_in, of_in), (rewired_pre, of_pre)):
        np.fill_diagonal(rewired, activations[block.post].diagonal())
    in_pre_post = itemgetter(*block.layers.values())
    return Responses(
        Answers(*in_pre_post(of_in), rewired_in),
        Answers(*in_pre_post(of_scaled)),
        Answers(*in_pre_post(of_pre), rewired_pre),
        magnification,
    )


@torch.inference_mode()
def _activations(
    part: fx.GraphModule,
    images: list[np.ndarray],
    block: Block,
    normalization: Normalization,
    transform: Callable[[torch.Tensor], torch.Tensor] = lambda inputs: inputs,
) -> dict[str, np.ndarray]:
    """(N, C) by layer: center activations of the 8-bit images (S, S, 3); raises as `measure`."""
    batches = []
    for first in range(0, len(images), BATCH):
        inputs = torch.stack([to_tensor(image) for image in images[first : first + BATCH]]).to(device())
        batches.append({name: center(maps).cpu() for name, maps in part(transform(normalize(inputs, normalization))).items()})
    found = {name: torch.cat([batch[name] for batch in batches]).numpy() for name in batches[0]}
    for layer, activations in found.items():
        for image, channel in np.argwhere(~np.isfinite(activations))[:1]:
            raise InputError(
                f"block {block.name}, channel {channel}: {layer} is {activations[image, channel]} for the visualization of "
                f"channel {image}; check the weights (model.weights)"
            )
    return found


@torch.inference_mode()
def _of_neurons(post: fx.GraphModule, bypass: np.ndarray, pre: np.ndarray) -> np.ndarray:
    """Post (N, C) of what can be broadcast to that; of each of the C channels an activation may have weights of its own."""
    maps = [torch.tensor(each)[:, :, None, None].to(device()) for each in np.broadcast_arrays(bypass, pre)]
    return post(*maps)[:, :, 0, 0].cpu().numpy()
