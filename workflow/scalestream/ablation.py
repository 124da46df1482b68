"""Mean ablation of channels, random control draws and their screening (paper, section 4)."""

import zlib
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction

import numpy as np
import torch
from torchvision.models import ResNet

from scalestream.errors import InputError
from scalestream.network import device, split_after
from scalestream.preprocessing import network_input


def mean_ablate(post: torch.Tensor, channels: list[int], means: torch.Tensor) -> torch.Tensor:
    """A copy of the Post map (N, C, H, W) with the channels overwritten everywhere by their mean center activation.

    means: (C,), the means of all the block's channels.
    """
    ablated = post.clone()
    ablated[:, channels] = means[channels].to(post)[:, None, None]
    return ablated


@torch.inference_mode()
def count_correct(network: ResNet, block: str, conditions: list[list[int]], means: torch.Tensor,
                  batches: Iterable[tuple[torch.Tensor, torch.Tensor]]) -> Iterator[np.ndarray]:
    """Correct top-1 answers under several ablations of one block, batch by batch.

    conditions: the channel sets to ablate, [] for the intact network. batches: 8-bit images (N, views, 3, S, S) and class
    indices (N,). Yields the counts so far, (conditions, views). The network runs once a batch and view up to the block,
    and from there once a condition.
    """
    before, after = (part.to(device()) for part in split_after(network, block))
    correct = 0
    for images, labels in batches:
        counts = np.zeros((len(conditions), images.shape[1]), dtype=np.int64)
        for view in range(images.shape[1]):
            post = before(network_input(images[:, view], device()))
            for row, channels in enumerate(conditions):
                logits = after(mean_ablate(post, channels, means))
                if not torch.isfinite(logits).all():
                    raise InputError(f"block {block}: the network's output is not finite with {len(channels)} channels "
                                     "ablated; check the weights (model.weights)")
                counts[row, view] = int((logits.argmax(dim=1).cpu() == labels).sum())
        correct = correct + counts
        yield correct


def random_channels(block: str, draw: int, passing: list[int], total: int, seed: int) -> list[int]:
    """Random draw number `draw`: as many channels as pass, out of those that do not, in ascending order.

    Depends on the arguments alone. Raises InputError when there are too few channels to draw from.
    """
    others = np.setdiff1d(np.arange(total), passing)
    if len(others) < len(passing):
        raise InputError(f"block {block}: {len(passing)} of {total} channels pass, so as many others cannot be drawn; "
                         "take the block out of ablation.blocks")
    rng = np.random.default_rng([seed, zlib.crc32(block.encode()), draw])
    return np.sort(rng.choice(others, size=len(passing), replace=False)).tolist()


def is_accepted(n_correct: int, scale_correct: int, n_images: int, slack: float) -> bool:
    """Whether a draw harms no-scale accuracy enough: no higher than the scale condition's plus `slack` (a fraction)."""
    return n_correct - scale_correct <= Fraction(str(slack)) * n_images


def screen(draws: Callable[[int], list[int]], count: Callable[[list[list[int]]], list[int]],
           accepts: Callable[[int], bool], first: int, wanted: int, limit: int) -> Iterator[dict]:
    """Screen draws first, first + 1, ... in order, until `wanted` are accepted or draw number `limit` is reached.

    draws: number -> channels. count: channel sets -> correct answers; it gets as many sets at once as are still wanted,
    so that no draw is screened past the last one needed. Yields number, channels, n_correct and accepted of every draw.
    """
    while wanted and first < limit:
        numbers = range(first, min(first + wanted, limit))
        sets = [draws(number) for number in numbers]
        for number, channels, n_correct in zip(numbers, sets, count(sets), strict=True):
            accepted = accepts(n_correct)
            wanted -= accepted
            yield {"draw": number, "channels": channels, "n_correct": n_correct, "accepted": accepted}
        first = numbers.stop
