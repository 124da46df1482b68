"""What a benchmark is run on, and how its clock is read."""

import os
import time
from collections.abc import Callable

import numpy as np
import torch

from scalestream.run.provenance import device


def wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def seconds(work: Callable[[], object], times: int = 3, warm_up: int = 1) -> float:
    """Median time of a call, after some that warm up."""
    taken = []
    for _ in range(warm_up + times):
        wait()
        begun = time.perf_counter()
        work()
        wait()
        taken.append(time.perf_counter() - begun)
    return float(np.median(taken[warm_up:]))


def measured_peak(side: int = 2048) -> float:
    """Flop a second of this device in a large float32 matrix product."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    one, other = torch.randn(2, side, side, device=device)
    return 2 * side**3 / seconds(lambda: one @ other, times=7)


def measured_on() -> str:
    """The device, and how much of a processor."""
    if torch.cuda.is_available():
        return device()
    return f"{device()}, one thread, {torch.backends.cpu.get_cpu_capability()}"


def describe(peak: float) -> str:
    """A line on the machine, given its flop a second, and on what else it was doing."""
    return (
        f"{measured_on()}; {peak / 1e9:.0f} Gflop/s in a matrix product; torch {torch.__version__}; "
        f"load {os.getloadavg()[0]:.1f}"
    )
