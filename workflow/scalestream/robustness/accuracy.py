"""Top-1 accuracy of the intact network at magnifications relative to no scale, over all images in one pass."""

import hashlib

import numpy as np
import torch
from torch import nn

from scalestream.ablation.correctness import packed
from scalestream.errors import InputError
from scalestream.images.loading import MagnifiedImages, batches
from scalestream.images.preprocessing import IMAGENET, Normalization, network_input
from scalestream.networks.device import device
from scalestream.run.checkpoint import Checkpoint
from scalestream.run.progress import watched


@torch.inference_mode()
def correct_answers(
    network: nn.Module,
    images: MagnifiedImages,
    batch_size: int,
    workers: int,
    checkpoint: Checkpoint,
    normalization: Normalization = IMAGENET,
) -> np.ndarray:
    """(M, N): whether the top-1 answer to each image is its class, at each magnification.

    checkpoint: the images that an earlier try counted are not counted again. Raises InputError for logits that are not finite.
    """
    network = network.to(device(), memory_format=torch.channels_last)
    correct = np.zeros((len(images.magnifications), len(images)), dtype=bool)
    seen = 0
    if (earlier := checkpoint.get("correct")) is not None:
        seen = earlier.shape[1]
        correct[:, :seen] = earlier
    watch = watched("images", len(images), "images")
    loader = batches(images, batch_size, workers, seen)
    for views, labels in watch(loader, before=seen, each=batch_size, note=lambda: _note(correct[:, :seen])):
        labels = labels.to(device())
        for number, magnification in enumerate(images.magnifications):
            pixels = network_input(views[:, number], device(), normalization)
            logits = network(pixels.contiguous(memory_format=torch.channels_last))
            if not logits.isfinite().all():
                raise InputError(
                    f"the network's output is not finite at magnification {magnification:g}; check the weights (model.weights)"
                )
            correct[number, seen : seen + len(labels)] = (logits.argmax(dim=1) == labels).cpu()
        seen += len(labels)
        checkpoint.keep("correct", lambda: torch.from_numpy(correct[:, :seen].copy()))
    return correct


def rows(images: MagnifiedImages, correct: np.ndarray) -> list[dict]:
    """Rows of the table of robustness, one a magnification; correct: (M, N)."""
    return [
        {
            "magnification": magnification,
            "crop": side,
            "n_correct": int(answers.sum()),
            "n_images": len(answers),
            "accuracy": float(answers.mean()),
            "correct": packed(answers),
        }
        for magnification, side, answers in zip(images.magnifications, images.sides, correct, strict=True)
    ]


def content_digest(images: list[dict]) -> str:
    """The sha256 of what is answered: every image's content and class, in order, wherever the files lie.

    images: rows of the table of images.
    """
    lines = "".join(f"{row['sha256']} {row['class_index']}\n" for row in images)
    return hashlib.sha256(lines.encode()).hexdigest()


def _note(correct: np.ndarray) -> str:
    """Top-1 accuracy so far, from the first magnification to the last."""
    return f"top-1 so far: {', '.join(f'{mean:.1%}' for mean in correct.mean(axis=1))}"
