"""The random transforms of a feature visualization, one draw an image, applied to a batch (method of Lucent's transforms).

Lucent draws one transform a step for a whole batch. Here every image of the batch has its own draw, so that channels
optimised together do not depend on each other. The arithmetic is that of Lucent 0.1.8, through the same kornia calls.
"""

from dataclasses import dataclass

import kornia
import numpy as np
import torch
import torch.nn.functional as F
from kornia.geometry.transform import translate
from torchvision.transforms.functional import center_crop


@dataclass(frozen=True)
class Robustness:
    """Which random transforms an optimisation uses (paper, section 7.1).

    jitter: largest first translation in pixels, 0 for none; scales: factors; angles: degrees.
    """

    jitter: int
    scales: tuple[float, ...]
    angles: tuple[float, ...]


@dataclass(frozen=True)
class Draws:
    """The drawn transforms of one step, one entry an image.

    first, second: (N, 2) translations (dx, dy) in pixels; scale: (N,) factors; angle: (N,) degrees.
    """

    first: np.ndarray
    scale: np.ndarray
    angle: np.ndarray
    second: np.ndarray


def draw(robustness: Robustness, steps: int, rng: np.random.Generator) -> Draws:
    """The transforms of one image over all steps: every array has `steps` in place of N.

    A longer run begins with the draws of a shorter one.
    """
    uniform = rng.random((steps, 6))

    def pick(column: int, options) -> np.ndarray:
        options = np.asarray(options)
        return options[(uniform[:, column] * len(options)).astype(int)]

    first, second = range(max(robustness.jitter, 1)), range(max(robustness.jitter // 2, 1))
    return Draws(
        first=np.stack([pick(0, first), pick(1, first)], axis=1),
        scale=pick(2, robustness.scales),
        angle=pick(3, robustness.angles),
        second=np.stack([pick(4, second), pick(5, second)], axis=1),
    )


def at_step(draws: list[Draws], step: int) -> Draws:
    """One step of several images' draws, as one batch."""
    return Draws(**{name: np.stack([getattr(image, name)[step] for image in draws])
                    for name in ("first", "scale", "angle", "second")})


def apply(images: torch.Tensor, robustness: Robustness, draws: Draws):
    """Transform a batch, each image by its own draw.

    images: (N, 3, S, S). Yields (members, transformed) for each scale drawn: the positions of the images that drew it and
    the transformed images, S x S with jitter, of a size that follows the scale without.
    """
    size = images.shape[-1]
    if robustness.jitter:
        images = F.pad(images, [robustness.jitter] * 4, mode="reflect")
        images = translate(images, _like(draws.first, images))
    for scale in np.unique(draws.scale):
        members = np.flatnonzero(draws.scale == scale)
        group = _rotate(_resize(images[torch.from_numpy(members).to(images.device)], scale), draws.angle[members])
        if robustness.jitter:
            group = center_crop(translate(group, _like(draws.second[members], group)), [size, size])
        yield members, group


def _like(values: np.ndarray, images: torch.Tensor) -> torch.Tensor:
    return torch.as_tensor(values, dtype=images.dtype, device=images.device)


def _resize(images: torch.Tensor, scale: float) -> torch.Tensor:
    """Scaled bilinearly; a smaller result is padded with zeros to the old size or a pixel above it."""
    size = images.shape[-1]
    scaled = int(np.ceil(scale * size))
    padding = max(0, int(np.ceil((size - scaled) / 2)))
    images = F.interpolate(images, size=[scaled, scaled], mode="bilinear", align_corners=True)
    return F.pad(images, [padding] * 4)


def _rotate(images: torch.Tensor, angles: np.ndarray) -> torch.Tensor:
    """Rotated about the center, counter-clockwise, on a canvas of the same size; zeros come in at the corners."""
    center = torch.full((len(images), 2), (images.shape[-1] - 1) / 2, dtype=images.dtype, device=images.device)
    matrix = kornia.get_rotation_matrix2d(center, _like(angles, images), torch.ones_like(center))
    return kornia.warp_affine(images, matrix, dsize=tuple(images.shape[-2:]))
