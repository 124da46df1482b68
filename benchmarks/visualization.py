"""Plain Lucent beside this project's visualization, on ResNet18 at 224 pixels with the paper's settings, in one run.

Both are given the same noise and draws. They alternate, and of every figure the median over the rounds is kept. The network
has seeded random weights, as the cost does not depend on their values. For plain Lucent they ask for gradients, as torchvision
hands them out; "frozen" is plain Lucent on weights that do not.
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
from torchvision.models import resnet18

import plain_lucent
from machine import describe, measured_peak, seconds, wait
from scalestream.config.settings import jitter
from scalestream.networks.architectures import description
from scalestream.networks.graph import cut_after
from scalestream.run.malloc import keep_freed_memory
from scalestream.visualization import cuda_graphs
from scalestream.visualization.ascent import Ascent
from scalestream.visualization.parameterization import FourierImages
from scalestream.visualization.transforms import together
from scalestream.visualization.visualize import Optimization, start

REPOSITORY = Path(__file__).parents[1]
NETWORK = description("resnet18")
LAYERS = NETWORK.channels(NETWORK.blocks)
WARM_UP = cuda_graphs.WARM_UP + 2 if torch.cuda.is_available() else 1
STEPS = WARM_UP + 3  # of a round
PARTS = ("image", "transforms", "network", "optimiser")


def paper_settings(layer: str) -> Optimization:
    """The paper's optimisation of a layer, of a few steps."""
    paper = yaml.safe_load((REPOSITORY / "config" / "paper.yaml").read_text())
    settings = {f"visualization.{name}": value for name, value in paper["visualization"].items()}
    settings |= {
        "visualization.seed": paper["visualization"]["seeds"][0],
        "images.crop": paper["images"]["crop"],
        "jitter": {layer: jitter(paper, layer)},
    }
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


def measure(layer: str, rounds: int, peak: float) -> dict:
    """Milliseconds for one channel and step of plain Lucent and ours, their ratio, and where our time goes."""
    torch.manual_seed(0)
    network, settings = resnet18().eval(), paper_settings(layer)
    part = cut_after(network, layer)
    ascent = Ascent(part, layer, "neuron", settings.size, settings.transform_settings, settings.learning_rate)
    channels = list(range(min(ascent.batch_size(), LAYERS[layer])))
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


def whole_experiment(rows: list[dict]) -> dict:
    """All layers, each weighted by its channels."""
    weights = [LAYERS[row["layer"]] for row in rows]
    plain, frozen, ours = (
        float(np.average([row[key] for row in rows], weights=weights)) for key in ("plain_ms", "frozen_ms", "ours_ms")
    )
    return {
        "layer": "all, weighted by channels",
        "plain_ms": plain,
        "frozen_ms": frozen,
        "ours_ms": ours,
        "ratio": plain / ours,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--layers", nargs="+", default=list(LAYERS), choices=list(LAYERS), metavar="LAYER")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path, default=REPOSITORY / "results" / "benchmarks" / "visualization.json")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    peak = measured_peak()
    print(describe(peak))
    columns = ["plain_ms", "frozen_ms", "ours_ms", "ratio", *(f"{part}_ms" for part in PARTS), "peak_share"]
    print(f"{'layer':25s}" + "".join(f"{column:>14s}" for column in columns))
    rows = []
    for layer in arguments.layers:
        rows.append(measure(layer, arguments.rounds, peak))
        print(f"{layer:25s}" + "".join(f"{rows[-1][column]:14.2f}" for column in columns), flush=True)
    rows.append(whole_experiment(rows))
    print(f"{rows[-1]['layer']:25s}" + "".join(f"{rows[-1][column]:14.2f}" for column in columns[:4]))
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    keys = ("layer", "plain_ms", "ours_ms", "ratio")
    arguments.output.write_text(json.dumps([{key: row[key] for key in keys} for row in rows], indent=1) + "\n")


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    main()
