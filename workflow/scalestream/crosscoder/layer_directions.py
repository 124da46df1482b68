"""The directions of a block's layers in which latents are written, which is what is visualized and ablated of them."""

import torch


def layer_directions(parts: torch.Tensor) -> dict[str, torch.Tensor]:
    """By layer (In, Pre, Post), the direction of every latent, (width, channels): its parts at all magnifications together, in
    units of the activations. Post's is the sum of the other two, as the block adds them.

    parts: of a dictionary, (width, sites, octaves, channels).
    """
    of_in, of_pre = parts.sum(dim=2).unbind(dim=1)
    return {"In": of_in, "Pre": of_pre, "Post": of_in + of_pre}
