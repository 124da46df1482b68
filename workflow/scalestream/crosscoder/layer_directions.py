"""The directions of In and Pre in which latents are written, which is what is visualized of them."""

import torch

SITES = ("In", "Pre")  # Post is what they make together


def layer_directions(parts: torch.Tensor) -> dict[str, torch.Tensor]:
    """By site, the direction of every latent, (width, channels): its parts at all magnifications together, in units of the
    activations.

    parts: of a dictionary, (width, sites, octaves, channels).
    """
    return dict(zip(SITES, parts.sum(dim=2).unbind(dim=1), strict=True))
