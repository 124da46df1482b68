"""The crops that have most of a latent, at each site and magnification."""

import numpy as np
import torch

from scalestream.crosscoder.dictionary import Crosscoder
from scalestream.crosscoder.samples import Samples
from scalestream.networks.device import device

PART = 512  # images read at a time


@torch.no_grad()
def strongest(crosscoder: Crosscoder, samples: Samples, crops: int, latents: list[int], count: int) -> np.ndarray:
    """(latents, sites, octaves, count): numbers of the samples whose activations at that site and magnification lie farthest
    along the latent's part there, the strongest first; of an image its strongest crop alone.

    crops: of an image, which follow each other. count: at most as many as there are images.
    """
    crosscoder = crosscoder.to(device())
    parts = crosscoder.decoder[latents]
    values = torch.full((*parts.shape[:3], 0), -torch.inf)
    numbers = torch.zeros(values.shape, dtype=torch.long)
    for first in range(0, len(samples.values), crops * PART):
        taken = torch.from_numpy(samples.values[first : first + crops * PART]).to(device())
        along = torch.einsum("nsoc,lsoc->lson", crosscoder.scaled(taken), parts).unflatten(-1, (-1, crops))
        best, crop = along.cpu().max(dim=-1)
        own = first + crops * torch.arange(best.shape[-1]) + crop
        values, numbers = torch.cat([values, best], dim=-1), torch.cat([numbers, own], dim=-1)
        values, places = values.topk(min(count, values.shape[-1]), dim=-1)
        numbers = numbers.gather(-1, places)
    return numbers.numpy()
