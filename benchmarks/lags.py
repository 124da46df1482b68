"""The scale-lag correlogram beside the activation pass and a plain loop, on ResNet18 and real JPEG files, in one run.

The plain loop decodes every image, magnifies it by every factor, runs the whole network and keeps the activations, for
np.corrcoef at the end. The activation pass and ours read the cache. The plain loop, which takes longest, is timed once; the two
others in turns on the same images, in batches of the same size, and the median over the rounds is kept. Ours has to find the
plain loop's correlations.
"""

import argparse
import json
import logging
import os
import sys
import tempfile
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader

import photographs
import plain_ablation
from ablation import LAYERS, NETWORK, PAPER, REPOSITORY, Images, network, once
from machine import describe, measured_peak
from scalestream.activations.extraction import extract
from scalestream.config.completion import complete
from scalestream.config.files import read
from scalestream.images import cache
from scalestream.images.loading import ImageFiles, ScaleTransformedImages, batches
from scalestream.images.preprocessing import magnify
from scalestream.measures.lags import summed
from scalestream.measures.neurons import CenterNeurons
from scalestream.measures.sums import Sums
from scalestream.networks.device import device
from scalestream.networks.interface import Block
from scalestream.run.checkpoint import Checkpoint
from scalestream.run.malloc import keep_freed_memory

OCTAVES = complete(read([REPOSITORY / "config" / "paper.yaml"]), NETWORK)["measures"]["lags"]
CLOSE = 1e-3  # correlations that rounding sets apart


def read_from(images: Images, first: int = 0):
    """Batches of the images as the network sees them at no scale."""
    views = ScaleTransformedImages(images.cache, [0] * len(images.paths), [0], PAPER["crop"])
    return (batch[:, 0] for batch, _ in batches(views, images.batch_size, images.threads, first))


def activations(images: Images) -> None:
    """The activation pass."""
    with redirect_stdout(None):
        for _ in extract(network(), LAYERS, read_from(images)):
            pass


def ours(block: Block, images: Images) -> Sums:
    """The sums of all images."""
    neurons = CenterNeurons(network(), block, PAPER["crop"], OCTAVES).to(device())
    return summed(neurons, images.paths, lambda first: read_from(images, first), Checkpoint())


@torch.inference_mode()
def plain(block: Block, images: Images, about: float) -> np.ndarray:
    """(K, C, C): by lag, correlations of the In and the Pre of all channels, magnified about a pixel."""
    whole, kept = network(), {}
    for layer in (block.input, block.pre):
        whole.get_submodule(layer).register_forward_hook(
            lambda module, inputs, maps, layer=layer: kept.update({layer: maps.clone()})
        )
    of_in, of_pre = ([[] for _ in OCTAVES] for _ in range(2))
    for batch in DataLoader(plain_ablation.Files(images.paths, 0, PAPER["resize"], PAPER["crop"]), images.batch_size):
        for number, octave in enumerate(OCTAVES):
            whole(magnify(batch.to(device()), 2**octave, about))
            for layer, found in ((block.input, of_in), (block.pre, of_pre)):
                middle = kept[layer].shape[-1] // 2
                found[number].append(kept[layer][..., middle, middle].cpu().numpy())
    of_in, of_pre = (np.array([np.concatenate(part) for part in found]) for found in (of_in, of_pre))
    return np.array([correlations(of_in, of_pre, lag) for lag in range(2 - len(OCTAVES), len(OCTAVES) - 1)])


def correlations(of_in: np.ndarray, of_pre: np.ndarray, lag: int) -> np.ndarray:
    """(C, C), at a lag in factors, of activations (F, N, C)."""
    pairs = [(first, first + lag) for first in range(len(of_in)) if 0 <= first + lag < len(of_in)]
    one, other = (np.concatenate([of_in[first] for first, _ in pairs]), np.concatenate([of_pre[last] for _, last in pairs]))
    with np.errstate(invalid="ignore"):  # of channels that do not vary
        return np.corrcoef(one.T, other.T)[: one.shape[1], one.shape[1] :]


def require_same(block: str, found: np.ndarray, expected: np.ndarray) -> None:
    """Exit unless correlations (K, C, C) are those of the plain loop."""
    if not np.allclose(found, expected, rtol=0, atol=CLOSE, equal_nan=True):
        distance = np.abs(found - expected).max()
        sys.exit(f"block {block}: correlations are up to {distance:.2g} away from the plain loop's")


def measure(block: Block, images: Images, rounds: int) -> dict:
    """A row of the results: images a second of the plain loop, of the activation pass and of ours, and how many times as long
    as the activation pass ours takes."""
    about, expected = CenterNeurons(network(), block, PAPER["crop"], OCTAVES).about, []
    taken = {"plain": [once(lambda: expected.append(plain(block, images, about)))], "activations": [], "ours": []}
    for _ in range(rounds):
        found = []
        taken["activations"].append(once(lambda: activations(images)))
        taken["ours"].append(once(lambda: found.append(ours(block, images))))
        require_same(block.name, found[0].pairs().cpu().numpy(), expected[0])
    rates = {f"{name}_rate": len(images.paths) / float(np.median(seconds)) for name, seconds in taken.items()}
    return {"block": block.name, **rates, "ratio": rates["activations_rate"] / rates["ours_rate"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--images",
        type=Path,
        default=os.environ.get("SCALESTREAM_TEST_IMAGES") or None,
        help="folder of JPEG files, in folders (default: SCALESTREAM_TEST_IMAGES, else regions of photographs "
        "that scikit-learn and scikit-image ship)",
    )
    parser.add_argument("--count", type=int, default=200, help="how many of them to take")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--blocks", nargs="*", default=["3.1"], choices=[block.name for block in NETWORK.blocks])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=REPOSITORY / "results" / "benchmarks" / "lags.json")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    keep_freed_memory()
    print(describe(measured_peak()))
    with tempfile.TemporaryDirectory() as folder:
        if not arguments.images:
            photographs.write(Path(folder), arguments.count)
        paths = [str(path) for path in sorted((arguments.images or Path(folder)).glob("*/*.JPEG"))][: arguments.count]
        images = Images(paths, f"{folder}/0-of-1.arrow", arguments.batch_size, arguments.threads)
        cache.write(images.shard, ImageFiles(paths, PAPER["resize"]))
        print(f"{len(paths)} images, in batches of {arguments.batch_size}, by {len(OCTAVES)} factors; images a second")
        print(f"{'block':>8s}{'plain':>10s}{'activations':>14s}{'ours':>10s}{'times as long':>16s}")
        rows = []
        for name in arguments.blocks:
            rows.append(measure(NETWORK.by_name[name], images, arguments.rounds))
            rates = "{plain_rate:10.1f}{activations_rate:14.1f}{ours_rate:10.1f}{ratio:16.2f}".format(**rows[-1])
            print(f"{name:>8s}{rates}", flush=True)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    main()
