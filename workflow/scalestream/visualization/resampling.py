"""The random transforms of an optimisation on one window of their result, each image by its own draw.

The arithmetic is that of Lucent 0.1.8 with kornia 0.4.1: translation, scale, rotation and translation are four bilinear
resamplings, one after the other. All but the rotation move rows and columns independently, so that a matrix for the rows
and one for the columns does them; the rotation samples a grid. Kornia's translation by d pixels moves an image of n pixels
by d * n / (n - 1): it normalises by the distance of the outer pixels' centers and samples by that of their outer edges.
"""

from dataclasses import dataclass

import kornia
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from scalestream.networks.receptive_field import Span
from scalestream.visualization.transforms import Draws, TransformSettings


@dataclass(frozen=True)
class Canvas:
    """What a scale makes of an image: `scaled` rows between `padding` rows of zeros; columns alike."""

    scaled: int
    padding: int

    @classmethod
    def of(cls, size: int, scale: float) -> "Canvas":
        scaled = int(np.ceil(scale * size))
        return cls(scaled, max(0, int(np.ceil((size - scaled) / 2))))

    @property
    def size(self) -> int:
        return self.scaled + 2 * self.padding


def result_size(size: int, jitter: int, scale: float) -> int:
    """Side of what the transforms make of a `size` x `size` image: without jitter it varies with the scale."""
    return size if jitter else Canvas.of(size, scale).size


class Resampling(nn.Module):
    """The transforms of images of `size` x `size` pixels, for one window of their result.

    windows: by scale, the span of rows and columns wanted of the result, all of one length L.
    `source` is the span of the image's rows and columns that these depend on. The tables are in double precision until the
    module is moved to another one.
    """

    def __init__(self, size: int, transform_settings: TransformSettings, windows: dict[float, Span]):
        super().__init__()
        jitter = transform_settings.jitter
        self.scales, self.angles = sorted(windows), np.unique(transform_settings.angles)
        self.firsts, self.seconds = range(max(jitter, 1)), range(max(jitter // 2, 1))
        self.ends_in_translation = jitter > 0
        canvases = [Canvas.of(size + 2 * jitter, scale) for scale in self.scales]
        rotated = [
            _behind_translation(windows[scale], canvas.size, size, jitter) for scale, canvas in zip(self.scales, canvases)
        ]
        scaled = _of_one_length(
            [_behind_rotation(span, canvas.size, self.angles, self.seconds[-1]) for span, canvas in zip(rotated, canvases)]
        )
        turns = [_turn(angle) for angle in self.angles]
        first = np.stack(
            [_first(size, jitter, canvas, move, span) for canvas, span in zip(canvases, scaled) for move in self.firsts]
        )
        used = np.flatnonzero(first.any(axis=(0, 1)))
        self.source = Span(int(used[0]), int(used[-1]) + 1)
        tables = {
            "first": first[..., slice(*self.source)],
            "grid": [
                _grid(after, before, canvas.size, turn)
                for canvas, before, after in zip(canvases, scaled, rotated)
                for turn in turns
            ],
            "turn": [2 / scaled[0].length * turn for _ in canvases for turn in turns],
            "second": [(move, move / (canvas.size - 1)) for canvas in canvases for move in self.seconds],
        }
        for name, table in tables.items():
            self.register_buffer(name, torch.from_numpy(np.array(table, dtype=np.float64)))

    def indices(self, draws: Draws) -> torch.Tensor:
        """Where the tables hold the drawn transforms: (..., 5), for rows and columns of the first translation with the
        scale, the rotation, rows and columns of the second translation."""
        scale, angle = np.searchsorted(self.scales, draws.scale), np.searchsorted(self.angles, draws.angle)
        first = scale[..., None] * len(self.firsts) + draws.first[..., ::-1]
        second = scale[..., None] * len(self.seconds) + draws.second[..., ::-1]
        return torch.from_numpy(np.concatenate([first, (scale * len(self.angles) + angle)[..., None], second], axis=-1))

    def forward(self, images: torch.Tensor, indices: torch.Tensor) -> torch.Tensor:
        """images: (N, 3, source.length, source.length), indices: (N, 5) -> (N, 3, L, L)."""
        first_y, first_x, rotation, second_y, second_x = indices.unbind(-1)
        images = torch.einsum("nyr,nkrc,nxc->nkyx", self.first[first_y], images, self.first[first_x])
        (move_y, part_y), (move_x, part_x) = self.second[second_y].T, self.second[second_x].T
        moved = torch.einsum("nij,nj->ni", self.turn[rotation], torch.stack([move_x, move_y], dim=1))
        images = F.grid_sample(images, self.grid[rotation] - moved[:, None, None], align_corners=False)
        if self.ends_in_translation:
            images = torch.lerp(images[:, :, 1:], images[:, :, :-1], part_y[:, None, None, None])
            images = torch.lerp(images[..., 1:], images[..., :-1], part_x[:, None, None, None])
        return images


def _crop_corner(size: int, cropped: int) -> int:
    """First row of torchvision's center crop."""
    return round((size - cropped) / 2)


def _shift(move: int, size: int) -> float:
    """Pixels by which kornia's translation moves an image of `size` pixels."""
    return move * size / (size - 1)


def _interpolation(positions: np.ndarray, size: int) -> np.ndarray:
    """(len(positions), size): linear interpolation at the positions of a row of pixels, with zeros outside it."""
    low = np.floor(positions).astype(int)
    matrix = np.zeros((len(positions), size))
    for pixel, weight in ((low, low + 1 - positions), (low + 1, positions - low)):
        inside = np.flatnonzero((pixel >= 0) & (pixel < size))
        matrix[inside, pixel[inside]] += weight[inside]
    return matrix


def _first(size: int, jitter: int, canvas: Canvas, move: int, span: Span) -> np.ndarray:
    """(span.length, size): the canvas's rows in the span, from the image by padding, translation and scale."""
    padded = size + 2 * jitter
    rows = np.arange(*span) - canvas.padding
    matrix = _interpolation(rows * (padded - 1) / max(canvas.scaled - 1, 1), padded)
    matrix[(rows < 0) | (rows >= canvas.scaled)] = 0
    if jitter:
        reflected = np.pad(np.eye(size), ((jitter, jitter), (0, 0)), mode="reflect")
        matrix = matrix @ _interpolation(np.arange(padded) - _shift(move, padded), padded) @ reflected
    return matrix


def _behind_translation(window: Span, canvas: int, size: int, jitter: int) -> Span:
    """The canvas's rows that the crop reads for a window of the result, and one more for a translation by part of a pixel."""
    if not jitter:
        return window
    corner = _crop_corner(canvas, size)
    return Span(corner + window.start - 1, corner + window.stop)


def _turn(angle: float) -> np.ndarray:
    """(2, 2): from offsets (x, y) on the rotated canvas to those that they come from."""
    matrix = kornia.geometry.angle_to_rotation_matrix(torch.tensor([angle], dtype=torch.float64))[0]
    return np.linalg.inv(matrix.numpy())


def _behind_rotation(span: Span, canvas: int, angles: np.ndarray, moves: int) -> Span:
    """The canvas's rows and columns that rotations about its center read for a span of theirs, moved back by up to `moves`."""
    center = (canvas - 1) / 2
    corners = np.stack(np.meshgrid([span.start - moves, span.stop - 1], [span.start - moves, span.stop - 1]), axis=-1)
    sources = np.stack([(corners - center) @ _turn(angle).T + center for angle in angles])
    return Span(max(int(np.floor(sources.min())), 0), min(int(np.floor(sources.max())) + 2, canvas))


def _grid(after: Span, before: Span, canvas: int, turn: np.ndarray) -> np.ndarray:
    """(after.length, after.length, 2): where a rotation reads, in torch's coordinates of the window `before`."""
    center = (canvas - 1) / 2
    offsets = np.stack(np.meshgrid(np.arange(*after), np.arange(*after)), axis=-1) - center
    return (2 * (offsets @ turn.T + center - before.start) + 1) / before.length - 1


def _of_one_length(spans: list[Span]) -> list[Span]:
    length = max(span.length for span in spans)
    return [Span(span.start, span.start + length) for span in spans]
