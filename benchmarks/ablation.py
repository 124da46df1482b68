"""The plain ablation loop beside this project's, and the activation pass, on ResNet18 and real JPEG files, in one run.

The plain loop decodes every image, transforms it and runs the whole network, for every condition anew; its rate does not depend
on how many conditions there are. Ours reads the cache, whose making is timed by itself. Plain activations are THINGSvision's,
one pass a layer. The plain methods have a process of their own; everything is measured in turns on the same images, in batches
of the same size, and of every figure the median over the rounds is kept. In every round the correct answers of every condition
are compared with those of plain forward passes, which are made once, before anything is timed.
"""

import argparse
import json
import logging
import os
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision.models import resnet18

import photographs
import plain_ablation
from machine import describe, measured_peak, seconds
from scalestream.ablation.ablated_network import AblatedNetwork
from scalestream.ablation.draws import random_channels
from scalestream.ablation.evaluation import Condition, Evaluation
from scalestream.activations.extraction import extract
from scalestream.config.completion import complete
from scalestream.config.files import read
from scalestream.images import cache
from scalestream.images.loading import ImageFiles, ScaleTransformedImages, batches
from scalestream.networks.architectures import description
from scalestream.networks.device import device
from scalestream.run.checkpoint import Checkpoint
from scalestream.run.malloc import keep_freed_memory

REPOSITORY = Path(__file__).parents[1]
NETWORK = description("resnet18")
LAYERS = list(NETWORK.channels(NETWORK.blocks))
PAPER = complete(read([REPOSITORY / "config" / "paper.yaml"]), NETWORK)["images"]
ABLATED = {"2.1": 23, "3.1": 46}  # blocks, and how many of their channels pass (paper, section 3)
CONDITIONS = (1, 11, 50)
PERCENT = 10
TIE = 1e-5  # two logits as close as this may change places by rounding; those of images are around 1 to 10


@dataclass(frozen=True)
class Images:
    """The images of a measurement, as files and as the shard that they are cached in."""

    paths: list[str]
    shard: str
    batch_size: int
    threads: int

    @property
    def cache(self) -> cache.ImageCache:
        return cache.ImageCache([self.shard], self.paths, PAPER["resize"])


@dataclass(frozen=True)
class Count:
    """Correct answers to the images, and how many of the answers rounding may change."""

    correct: int
    ties: int


def network() -> nn.Module:
    """ResNet18 with seeded random weights: the cost does not depend on their values."""
    torch.manual_seed(0)
    return resnet18().eval().requires_grad_(False).to(device())


def draws(block: str, count: int) -> list[list[int]]:
    """As many random draws as there are conditions to time, of as many channels as pass in the paper."""
    channels = NETWORK.by_name[block].channels
    return [random_channels(block, draw, list(range(ABLATED[block])), channels, seed=0) for draw in range(count)]


def means(block: str) -> torch.Tensor:
    """Seeded means of the block's channels."""
    return torch.rand(NETWORK.by_name[block].channels, generator=torch.Generator().manual_seed(0))


def start_plain(threads: int) -> None:
    """The process of the plain methods, in which the C library's memory is as it comes."""
    global plain_network
    torch.set_num_threads(threads)
    plain_network = network()


def plain_answers(block: str, channels: list[int], images: Images) -> tuple[float, torch.Tensor]:
    """Seconds of the plain loop for one condition, and its top-1 answers."""
    results = []
    return once(
        lambda: results.append(
            plain_ablation.answers(
                plain_network,
                block,
                channels,
                means(block),
                images.paths,
                PERCENT,
                PAPER["resize"],
                PAPER["crop"],
                images.batch_size,
            )
        )
    ), results[0]


@torch.inference_mode()
def plain_counts(block: str, channel_sets: list[list[int]], images: Images, labels: torch.Tensor) -> list[Count]:
    """Of each channel set, what plain forward passes count with it ablated; the images are decoded once for all of them.

    Not timed, so that it may use every processor.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    correct, ties = torch.zeros(2, len(channel_sets), dtype=torch.int64)
    files = plain_ablation.Files(images.paths, PERCENT, PAPER["resize"], PAPER["crop"])
    for views, truth in zip(DataLoader(files, images.batch_size), labels.split(images.batch_size), strict=True):
        for number, channels in enumerate(channel_sets):
            best = plain_ablation.logits(plain_network, block, channels, means(block), views.to(device())).cpu().topk(2)
            correct[number] += (best.indices[:, 0] == truth).sum()
            ties[number] += (best.values[:, 0] - best.values[:, 1] < TIE).sum()
    torch.set_num_threads(threads)
    return [Count(*counts) for counts in zip(correct.tolist(), ties.tolist())]


def require_same(who: str, block: str, counts_of_ours: list[int], plain: list[Count]) -> None:
    """Exit unless the correct answers of every condition, by number of draw, are those of plain forward passes."""
    for draw, (correct, count) in enumerate(zip(counts_of_ours, plain, strict=True)):
        if abs(correct - count.correct) > count.ties:
            sys.exit(
                f"block {block}, condition {draw}: {who} counts {correct} correct answers, plain forward passes {count.correct}"
            )


def plain_activations(images: Images) -> float:
    """Seconds of THINGSvision's activations of every layer, in one pass a layer."""
    from thingsvision import get_extractor_from_model

    def work() -> None:
        extractor = get_extractor_from_model(model=plain_network, device=device().type, backend="pt")
        for layer in LAYERS:
            with redirect_stdout(None):
                files = DataLoader(plain_ablation.Files(images.paths, 0, PAPER["resize"], PAPER["crop"]), images.batch_size)
                extractor.extract_features(files, layer, flatten_acts=False)

    return once(work)


def measure_ablation(plain: Executor, block: str, images: Images, rounds: int) -> list[dict]:
    """Images x conditions a second of the plain loop and of ours, by number of conditions."""
    _, intact = plain.submit(plain_answers, block, [], images).result()
    channel_sets = draws(block, max(CONDITIONS))
    counts = plain.submit(plain_counts, block, channel_sets, images, intact).result()
    ours = Evaluation(
        AblatedNetwork(network(), NETWORK.by_name[block], means(block)),
        [],
        images.cache,
        intact.tolist(),
        PAPER["crop"],
        "paper",
        images.batch_size,
        images.threads,
    )
    plain_seconds, our_seconds = [], {count: [] for count in CONDITIONS}
    for _ in range(rounds):
        taken, answers = plain.submit(plain_answers, block, channel_sets[0], images).result()
        plain_seconds.append(taken)
        require_same("the plain loop", block, [int((answers == intact).sum())], counts[:1])
        for count, taken_by_ours in our_seconds.items():
            conditions = [Condition("random", draw, channels) for draw, channels in enumerate(channel_sets[:count])]
            afresh, rows = replace(ours, checkpoint=Checkpoint()), []  # a checkpoint would keep the answers of the call before
            taken_by_ours.append(once(lambda: rows.extend(afresh.rows(conditions, [PERCENT]))))
            require_same("scalestream", block, [row["n_correct"] for row in rows], counts[:count])
    return [
        row(block, count, np.array(plain_seconds) * count, our_seconds[count], len(images.paths) * count)
        for count in CONDITIONS
    ]


def measure_activations(plain: Executor, images: Images, rounds: int) -> dict:
    """Images x layers a second of THINGSvision, one pass a layer, and of ours, all layers in one pass."""
    ours = network()

    def work() -> None:
        views = batches(
            ScaleTransformedImages(images.cache, [0] * len(images.paths), [0], PAPER["crop"]), images.batch_size, images.threads
        )
        for _ in extract(ours, LAYERS, (batch[:, 0] for batch, _ in views)):
            pass

    taken = [(plain.submit(plain_activations, images).result(), once(work)) for _ in range(rounds)]
    return row(None, len(LAYERS), *zip(*taken), len(images.paths) * len(LAYERS))


def row(block: str | None, count: int, plain_seconds, our_seconds, work: int) -> dict:
    """A row of the results: `work` things done in the seconds of each round."""
    plain, ours = (work / float(np.median(times)) for times in (plain_seconds, our_seconds))
    return {"block": block, "conditions": count, "plain_rate": plain, "ours_rate": ours, "ratio": ours / plain}


def shown(rows: list[dict]) -> list[dict]:
    for result in rows:
        print(
            f"{result['block'] or 'activations':>12s}{result['conditions']:12d}{result['plain_rate']:12.1f}"
            f"{result['ours_rate']:12.1f}{result['ratio']:8.2f}",
            flush=True,
        )
    return rows


def once(work: Callable[[], object]) -> float:
    """Seconds of a call over many batches, whose first warm it up."""
    return seconds(work, times=1, warm_up=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--images",
        type=Path,
        default=os.environ.get("SCALESTREAM_TEST_IMAGES") or None,
        help="folder of JPEG files, in folders (default: SCALESTREAM_TEST_IMAGES, else regions of photographs "
        "that scikit-learn and scikit-image ship)",
    )
    parser.add_argument("--count", type=int, default=128, help="how many of them to take")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--blocks", nargs="*", default=list(ABLATED), choices=list(ABLATED))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=REPOSITORY / "results" / "benchmarks" / "ablation.json")
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(1, get_context("spawn"), start_plain, [arguments.threads]) as plain,
    ):
        if not arguments.images:
            photographs.write(Path(folder), arguments.count)
        paths = [str(path) for path in sorted((arguments.images or Path(folder)).glob("*/*.JPEG"))][: arguments.count]
        if not paths:
            sys.exit(f"--images: {arguments.images} has no folders of JPEG files; give a folder that has")
        torch.set_num_threads(arguments.threads)
        keep_freed_memory()
        print(describe(measured_peak()))
        images = Images(paths, f"{folder}/0-of-1.arrow", arguments.batch_size, arguments.threads)
        taken = once(lambda: cache.write(images.shard, ImageFiles(paths, PAPER["resize"])))
        print(f"{len(paths)} images, in batches of {arguments.batch_size}; cached at {len(paths) / taken:.0f} images a second")
        print(f"{'block':>12s}{'conditions':>12s}{'plain_rate':>12s}{'ours_rate':>12s}{'ratio':>8s}")
        rows = []
        for block in arguments.blocks:
            rows += shown(measure_ablation(plain, block, images, arguments.rounds))
        rows += shown([measure_activations(plain, images, arguments.rounds)])
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    main()
