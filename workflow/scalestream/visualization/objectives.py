"""The objective of an ascent: the transforms of the window that it depends on, and the network on that window."""

import logging
from collections.abc import Callable

import torch
from torch import fx, nn

from scalestream.errors import NotLocalError
from scalestream.images.preprocessing import IMAGENET, Normalization
from scalestream.networks.receptive_field import Span, center_span, restricted, window
from scalestream.visualization.parameterization import FourierImages
from scalestream.visualization.resampling import Resampling, result_size
from scalestream.visualization.transforms import TransformSettings

OBJECTIVE_SPANS: dict[str, Callable[[int], Span]] = {
    "neuron": center_span,
    "channel": lambda side: Span(0, side),
}


class Cosines(nn.Module):
    """Maps (N, C, H, W) -> (N, K, H, W): at each position the cosine of the activations with each of K directions, zero where
    nothing is active. It is what Lucent climbs for a direction.

    directions: (K, C).
    """

    def __init__(self, directions: torch.Tensor):
        super().__init__()
        self.register_buffer("directions", nn.functional.normalize(directions, dim=1))

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return torch.einsum("kc,nchw->nkhw", self.directions, nn.functional.normalize(maps, dim=1))


class BesideSums(nn.Module):
    """What a head makes of the ReLU of maps (N, C, H, W), and behind that, as further channels, of the maps themselves."""

    def __init__(self, head: nn.Module):
        super().__init__()
        self.head = head

    def forward(self, sums: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.head(sums.relu()), self.head(sums)], dim=1)


class WindowedObjective(nn.Module):
    """What the network sees of the images under some of the scales, and the objective there.

    spans: by scale, the window of the transformed image that the network gets.
    """

    def __init__(
        self,
        part: nn.Module,
        size: int,
        transform_settings: TransformSettings,
        spans: dict[float, Span],
        normalization: Normalization = IMAGENET,
    ):
        super().__init__()
        self.resampling = Resampling(size, transform_settings, spans)
        self.part = part.to(memory_format=torch.channels_last)
        self.register_buffer("mean", torch.tensor(normalization.mean, dtype=torch.float64).view(-1, 1, 1))
        self.register_buffer("std", torch.tensor(normalization.std, dtype=torch.float64).view(-1, 1, 1))

    def forward(self, images: FourierImages, members: torch.Tensor | slice, indices: torch.Tensor) -> torch.Tensor:
        """(N, C): the mean of every channel's map over the span that the objective looks at."""
        return self.network(self.resampling(images(self.resampling.source, members), indices))

    def network(self, images: torch.Tensor) -> torch.Tensor:
        """Transformed images (N, 3, L, L) in 0..1 -> (N, C)."""
        normalized = (images - self.mean) / self.std  # torchvision's normalize would wait for a GPU
        return self.part(normalized.contiguous(memory_format=torch.channels_last)).mean(dim=(2, 3))


class Spanned(nn.Module):
    """A network whose window cannot be derived, followed by the choice of the wanted span of its map."""

    def __init__(self, part: nn.Module, wanted: Callable[[int], Span]):
        super().__init__()
        self.part, self.wanted = part, wanted

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        maps = self.part(images)
        span = slice(*self.wanted(maps.shape[-1]))
        return maps[..., span, span]


def windowed_objectives(
    part: fx.GraphModule,
    size: int,
    transform_settings: TransformSettings,
    wanted: Callable[[int], Span],
    head: nn.Module,
    normalization: Normalization = IMAGENET,
) -> list[WindowedObjective]:
    """The objectives of `size` x `size` images: one for all scales, unless the window touches the border of the image.

    wanted: a value of OBJECTIVE_SPANS. head: what becomes of that span of the maps.
    """
    sides = {scale: result_size(size, transform_settings.jitter, scale) for scale in transform_settings.scales}
    groups: dict[tuple, dict[float, Span]] = {}
    try:
        for scale, side in sides.items():
            behind = window(part, side, wanted)
            groups.setdefault((behind.span.length, behind.margins), {})[scale] = behind.span
        return [
            WindowedObjective(nn.Sequential(restricted(part, margins), head), size, transform_settings, spans, normalization)
            for (_, margins), spans in groups.items()
        ]
    except NotLocalError as unknown:
        logging.warning("the network runs on whole images, as its receptive field cannot be derived: %s", unknown)
    for scale, side in sides.items():
        groups.setdefault((side,), {})[scale] = Span(0, side)
    whole = nn.Sequential(Spanned(part, wanted), head)
    return [WindowedObjective(whole, size, transform_settings, spans, normalization) for spans in groups.values()]
