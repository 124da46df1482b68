"""The crosscoder: a sparse dictionary whose every vector has a part for each site and magnification.

One code explains a sample at In and Pre and at all magnifications together (Lindsey et al. 2024, with BatchTopK of Bussmann et
al. 2024; over a group of transformations, Gorton 2024). A dictionary vector is of unit norm over all of its parts, so that the
norm of a part says how much of the feature is there.
"""

from pathlib import Path

import safetensors.torch
import torch
from torch import nn

ENCODERS = ("all", "unmagnified")
MEMORY = 0.01  # of the threshold's running mean: the share of the last batch, after the first 100


class Crosscoder(nn.Module):
    """Codes of samples (N, sites, octaves, channels), and the samples that codes stand for.

    width: dictionary vectors. k: codes above zero, of a sample on average. encoder: what codes are made from, `all` sites and
    magnifications or the `unmagnified` activations alone. decoder: (width, sites, octaves, channels). mean and rms: of the
    activations, (sites, octaves, channels) and (sites, octaves); all else is in units of the rms. threshold: what a code must
    exceed outside of training; the running mean of the least that a batch keeps.
    """

    def __init__(self, mean: torch.Tensor, rms: torch.Tensor, width: int, k: int, encoder: str = "all", seed: int = 0):
        super().__init__()
        self.k, self.reads_all = k, encoder == "all"
        generator = torch.Generator().manual_seed(seed)
        self.decoder = nn.Parameter(torch.randn(width, *mean.shape, generator=generator))
        self.normalize()
        self.encoder = nn.Linear(self._read(self.decoder).shape[1], width)
        self.encoder.weight.data.copy_(self._read(self.decoder.data))
        self.encoder.bias.data.zero_()
        self.bias = nn.Parameter(torch.zeros(mean.shape))
        for name, value in {"mean": mean, "rms": rms, "threshold": torch.zeros(()), "batches": torch.zeros(())}.items():
            self.register_buffer(name, value.clone())

    def scaled(self, samples: torch.Tensor) -> torch.Tensor:
        """Activations in units of the rms about the mean."""
        return (samples - self.mean) / self.rms[..., None]

    def unscaled(self, samples: torch.Tensor) -> torch.Tensor:
        """The activations that `scaled` samples stand for."""
        return samples * self.rms[..., None] + self.mean

    def candidates(self, samples: torch.Tensor) -> torch.Tensor:
        """Scaled samples -> what codes are chosen from, (N, width), none below zero."""
        return torch.relu(self.encoder(self._read(samples)))

    def chosen(self, candidates: torch.Tensor) -> torch.Tensor:
        """Codes (N, width) in training: the N k largest candidates of the batch, zero elsewhere. Moves the threshold."""
        codes, least = batch_top_k(candidates, self.k)
        self.batches += 1
        self.threshold.lerp_(least.detach(), torch.clamp(1 / self.batches, min=MEMORY))
        return codes

    @torch.no_grad()
    def encode(self, samples: torch.Tensor) -> torch.Tensor:
        """Scaled samples -> codes (N, width): those above the threshold."""
        candidates = self.candidates(samples)
        return candidates * (candidates > self.threshold)

    def decode(self, codes: torch.Tensor) -> torch.Tensor:
        """Codes (N, width) -> scaled samples."""
        return torch.tensordot(codes, self.decoder, dims=1) + self.bias

    @torch.no_grad()
    def normalize(self) -> None:
        """Give every dictionary vector unit norm over all of its parts."""
        self.decoder /= self.decoder.flatten(1).norm(dim=1).clamp_min(torch.finfo(torch.float32).tiny)[:, None, None, None]

    @property
    def parts(self) -> torch.Tensor:
        """The dictionary in units of the activations: (width, sites, octaves, channels)."""
        return self.decoder.detach() * self.rms[..., None]

    def _read(self, samples: torch.Tensor) -> torch.Tensor:
        """What the encoder reads of samples, flat; the first of the octaves is no magnification."""
        return (samples if self.reads_all else samples[:, :, 0]).flatten(1)

    def save(self, path: str | Path) -> None:
        """Write all that it is to a .safetensors file."""
        safetensors.torch.save_file(self.state_dict(), path, {"k": str(self.k), "encoder": ENCODERS[not self.reads_all]})

    @classmethod
    def load(cls, path: str | Path) -> "Crosscoder":
        """The crosscoder of a file that `save` wrote."""
        with safetensors.safe_open(path, "pt") as file:
            said, state = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}
        crosscoder = cls(state["mean"], state["rms"], len(state["decoder"]), int(said["k"]), said["encoder"])
        crosscoder.load_state_dict(state)
        return crosscoder.requires_grad_(False)


def batch_top_k(candidates: torch.Tensor, k: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Of candidates (N, width) the N k largest of all, the others zero; and the least that is kept, ()."""
    values, places = candidates.flatten().topk(k * len(candidates), sorted=False)
    codes = torch.zeros_like(candidates).flatten().scatter(0, places, values)
    return codes.view_as(candidates), values.min()
