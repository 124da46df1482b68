"""The images as an optimisation holds them: spectra of decorrelated colours (Olah et al. 2017, as in Lucent)."""

import numpy as np
import torch
from lucent.optvis.param import color, spatial
from torch import nn

from scalestream.networks.receptive_field import Span

DAMPING = 4.0  # Lucent's divisor of the image before the sigmoid


def spectrum_shape(size: int) -> tuple[int, ...]:
    """Shape of the spectrum of a `size` x `size` image in three colours, with real and imaginary parts last."""
    return 3, *spatial.rfft2d_freqs(size, size).shape, 2


class FourierImages(nn.Module):
    """N images (3, S, S) in 0..1, held as the parameter `spectra` (N, *spectrum_shape(S)).

    They are those of Lucent's `param.image`, but only the part that is asked for is computed.
    """

    def __init__(self, spectra: torch.Tensor, size: int):
        super().__init__()
        self.size = size
        self.spectra = nn.Parameter(spectra)
        gain = 1 / np.maximum(spatial.rfft2d_freqs(size, size), 1 / size) / DAMPING
        self.register_buffer("gain", torch.from_numpy(np.stack([gain, gain], axis=-1)).to(spectra))
        self.register_buffer("colors", torch.from_numpy(color.color_correlation_normalized).to(spectra))

    def forward(self, span: Span, members: torch.Tensor | slice = slice(None)) -> torch.Tensor:
        """(N, 3, L, L): the images' rows and columns of the span; of some images, where `members` says which."""
        scaled = torch.view_as_complex(self.spectra[members] * self.gain)
        rows = torch.fft.ifft(scaled, dim=-2, norm="ortho")[..., slice(*span), :]
        plane = torch.fft.irfft(rows, n=self.size, dim=-1, norm="ortho")[..., slice(*span)]
        return (self.colors @ plane.flatten(2)).sigmoid().view_as(plane)

    @torch.no_grad()
    def finished(self) -> torch.Tensor:
        """(N, 3, S, S): the whole images."""
        return self(Span(0, self.size))
