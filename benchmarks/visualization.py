"""Plain Lucent beside this project's visualization, on ResNet18 or another network with the paper's settings, in one run.

Both are given the same noise and draws. They alternate, and of every figure the median over the rounds is kept. The network
has seeded random weights, as the cost does not depend on their values. For plain Lucent they ask for gradients, as torchvision
hands them out; "frozen" is plain Lucent on weights that do not. Plain Lucent makes every image; so does ours with
`visualization.post: all`, whereas `passing` leaves out what only pictures need, of channels that do not pass in the paper (in
another network, of all).

Then the null of the criteria: what all channels of a block answer to three images of each, and the random pairings of In and
Pre, beside the time of the visualizations of the block's Pre.
"""

import argparse
import json
import logging
import time
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import yaml
from torch.utils.flop_counter import FlopCounterMode

import plain_lucent
from machine import describe, measured_peak, seconds, wait
from scalestream.config import files
from scalestream.config.completion import BY_RECEPTIVE_FIELD, complete
from scalestream.config.dependencies import optimization, pictured_posts
from scalestream.criteria.measurement import measure as measure_responses
from scalestream.criteria.rewiring import null, passes
from scalestream.errors import InputError
from scalestream.networks.architectures import description
from scalestream.networks.graph import cut_after
from scalestream.networks.interface import Block, Description
from scalestream.networks.weights import build
from scalestream.run.malloc import keep_freed_memory
from scalestream.visualization import cuda_graphs
from scalestream.visualization.ascent import Ascent
from scalestream.visualization.parameterization import FourierImages
from scalestream.visualization.transforms import together
from scalestream.visualization.visualize import Optimization, start

REPOSITORY = Path(__file__).parents[1]
PAPERS = "resnet18"
WARM_UP = cuda_graphs.WARM_UP + 2 if torch.cuda.is_available() else 1
STEPS = WARM_UP + 3  # of a round
PARTS = ("image", "transforms", "network", "optimiser")


def paper_config(network: Description) -> dict:
    """The paper's configuration; in another network, with jitter by receptive field."""
    paper = files.read([REPOSITORY / "config" / "paper.yaml"])
    if network.architecture != PAPERS:
        paper = files.overlaid(paper, {"visualization": {"jitter": BY_RECEPTIVE_FIELD}})
    return complete(paper, network)


def paper_settings(network: Description, layer: str) -> Optimization:
    """The paper's optimisation of a layer, of a few steps."""
    settings = optimization(paper_config(network), [layer], seed=0)
    return replace(Optimization.from_settings(settings, layer), steps=STEPS)


def our_step(ascent: Ascent, channels: list[int], settings: Optimization) -> float:
    """Seconds of a step for one of the channels that are optimised together."""
    noise, draws = zip(*(start(ascent.layer, channel, settings) for channel in channels))
    times = []

    def timed(steps):
        for step in steps:
            wait()
            begun = time.perf_counter()
            yield step
            wait()
            times.append(time.perf_counter() - begun)

    ascent.run(channels, torch.stack(noise), together(draws), timed)
    return float(np.median(times[WARM_UP:])) / len(channels)


def parts(ascent: Ascent, channels: list[int], settings: Optimization) -> tuple[dict[str, float], float]:
    """Seconds of each part of a step, forward and backward, for one channel; and the network's arithmetic in flop."""
    noise, draws = zip(*(start(ascent.layer, channel, settings) for channel in channels))
    images = FourierImages(torch.stack(noise).to(ascent.target), settings.size)
    (turn,), *_ = ascent.turns(together(draws))
    resampling, network = turn.objective.resampling, turn.objective.network
    window = images(resampling.source).detach().requires_grad_()
    transformed = resampling(window, turn.indices).detach().requires_grad_()
    images.spectra.grad = torch.zeros_like(images.spectra)
    optimizer = torch.optim.Adam([images.spectra], lr=settings.learning_rate, fused=True)
    work = {
        "image": lambda: images(resampling.source).sum().backward(),
        "transforms": lambda: resampling(window, turn.indices).sum().backward(),
        "network": lambda: network(transformed).sum().backward(),
        "optimiser": optimizer.step,
    }
    with FlopCounterMode(display=False) as counter:
        work["network"]()
    return {part: seconds(work[part]) / len(channels) for part in PARTS}, counter.get_total_flops() / len(channels)


def measure(described: Description, layer: str, rounds: int, peak: float) -> dict:
    """Milliseconds for one channel and step of plain Lucent and ours, their ratio, and where our time goes."""
    torch.manual_seed(0)
    network, settings = build(described.architecture), paper_settings(described, layer)
    part = cut_after(network, layer)
    ascent = Ascent(part, layer, "neuron", settings.size, settings.transform_settings, settings.learning_rate)
    channels = list(range(min(ascent.batch_size(), described.layers[layer].channels)))
    frozen_network = deepcopy(network).requires_grad_(False)
    plain, frozen, ours = [], [], []
    for _ in range(rounds):
        for times, lucents in ((plain, network), (frozen, frozen_network)):
            times.append(np.median(plain_lucent.visualize(lucents, layer, 0, "neuron", settings).seconds[WARM_UP:]))
        ours.append(our_step(ascent, channels, settings))
    by_part, flop = parts(ascent, channels, settings)
    return {
        "layer": layer,
        "plain_ms": 1e3 * np.median(plain),
        "frozen_ms": 1e3 * np.median(frozen),
        "ours_ms": 1e3 * np.median(ours),
        "ratio": np.median(np.array(plain) / ours),
        "peak_share": flop / by_part["network"] / peak,
        **{f"{part}_ms": 1e3 * value for part, value in by_part.items()},
    }


def whole_experiment(network: Description, rows: list[dict], post: str) -> dict:
    """Means over all channels of all layers, where ours visualizes those of a value of `visualization.post`."""
    layers = network.channels(network.blocks)
    plain, frozen, ours = (
        sum(row[key] * made[row["layer"]] for row in rows) / sum(layers[row["layer"]] for row in rows)
        for key, made in (("plain_ms", layers), ("frozen_ms", layers), ("ours_ms", visualized(network, post)))
    )
    return {
        "layer": f"all, post: {post}",
        "plain_ms": plain,
        "frozen_ms": frozen,
        "ours_ms": ours,
        "ratio": plain / ours,
    }


def visualized(network: Description, post: str) -> dict[str, int]:
    """How many channels of each layer are visualized with a value of `visualization.post`, where those of the paper pass."""
    layers = network.channels(network.blocks)
    if post == "all":
        return layers
    published = yaml.safe_load((REPOSITORY / "resources" / "published.yaml").read_text())["criteria"]
    passing = {name: found["passing"] for name, found in published.items()} if network.architecture == PAPERS else {}
    return layers | {layer: passing.get(block.name, 0) for layer, (block,) in pictured_posts(network.blocks).items()}


def null_seconds(network: Description, block: Block, config: dict) -> float:
    """Seconds of a block's null, of images of noise."""
    model, criteria, side = build(network.architecture), config["criteria"], config["images"]["crop"]
    images = list(np.random.default_rng(0).integers(0, 256, (block.channels, side, side, 3), dtype=np.uint8))

    def work():
        responses = measure_responses(model, block, network.bypass(block), images, images, criteria["magnification"])
        null(block.name, 0, passes(responses, criteria["tolerance"]), criteria["rewirings"])

    return seconds(work, times=1, warm_up=0)


def print_nulls(network: Description, rows: list[dict]) -> None:
    """Of every block whose Pre was measured, and of all of them, the time of the null as a share of that of Pre's images."""
    config, step = paper_config(network), {row["layer"]: row["ours_ms"] / 1e3 for row in rows}
    of_null, of_images = [], []
    for block in (block for block in network.blocks if block.pre in step):
        of_null.append(null_seconds(network, block, config))
        of_images.append(block.channels * config["visualization"]["steps"] * step[block.pre])
        print(_share(f"null of {block.name}", of_null[-1:], of_images[-1:]), flush=True)
    if of_null:
        print(_share("null of all", of_null, of_images))


def _share(label: str, of_null: list[float], of_images: list[float]) -> str:
    share = sum(of_null) / sum(of_images)
    return f"{label:25s}{sum(of_null):14.1f} s beside {sum(of_images):.0f} s of Pre's images, a share of {share:.4f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--architecture", default=PAPERS, help="as model.architecture")
    parser.add_argument("--layers", nargs="+", metavar="LAYER", help="all, if none is named")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path, default=REPOSITORY / "results" / "benchmarks" / "visualization.json")
    arguments = parser.parse_args()
    try:
        network = description(arguments.architecture)
    except InputError as error:
        parser.error(str(error))
    layers = list(network.channels(network.blocks))
    for layer in arguments.layers or ():
        if layer not in layers:
            parser.error(f"{network.architecture} has no layer {layer!r}; it has {', '.join(layers)}")
    torch.set_num_threads(1)
    keep_freed_memory()
    peak = measured_peak()
    print(describe(peak))
    columns = ["plain_ms", "frozen_ms", "ours_ms", "ratio", *(f"{part}_ms" for part in PARTS), "peak_share"]
    print(f"{'layer':25s}" + "".join(f"{column:>14s}" for column in columns))
    rows = []
    for layer in arguments.layers or layers:
        rows.append(measure(network, layer, arguments.rounds, peak))
        print(f"{layer:25s}" + "".join(f"{rows[-1][column]:14.2f}" for column in columns), flush=True)
    whole = [whole_experiment(network, rows, post) for post in ("all", "passing")]
    for row in whole:
        share = row["ours_ms"] / row["plain_ms"]
        print(f"{row['layer']:25s}" + "".join(f"{row[column]:14.2f}" for column in columns[:4]) + f"  {share:.3f} of plain")
    print_nulls(network, rows)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    keys = ("layer", "plain_ms", "ours_ms", "ratio")
    arguments.output.write_text(json.dumps([{key: row[key] for key in keys} for row in [*rows, *whole]], indent=1) + "\n")


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    main()
