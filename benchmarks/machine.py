"""What a benchmark is run on, and how its clock is read."""

import os
import platform
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch


def wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def seconds(work: Callable[[], object], times: int = 3, warm_up: int = 1) -> float:
    """Median time of a call, after some that warm up."""
    found = []
    for _ in range(warm_up + times):
        wait()
        begun = time.perf_counter()
        work()
        wait()
        found.append(time.perf_counter() - begun)
    return float(np.median(found[warm_up:]))


def measured_peak(side: int = 2048) -> float:
    """Flop a second of this device in a large float32 matrix product."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    one, other = torch.randn(2, side, side, device=device)
    return 2 * side**3 / seconds(lambda: one @ other, times=7)


def processor() -> str:
    """What the figures were measured on."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
    return f"{model}, one thread, {torch.backends.cpu.get_cpu_capability()}"


def describe(peak: float) -> str:
    """A line on the machine, given its flop a second, and on what else it was doing."""
    return (f"{processor()}; {peak / 1e9:.0f} Gflop/s in a matrix product; torch {torch.__version__}; "
            f"load {os.getloadavg()[0]:.1f}")
