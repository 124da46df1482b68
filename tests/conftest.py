"""Shared fixtures: networks that are cheap to run, and real JPEG files."""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from lucent.optvis.param import color

import photographs
from debian import installed
from scalestream.networks.architectures import description
from scalestream.networks.interface import Block
from scalestream.networks.weights import build

REPOSITORY = Path(__file__).parents[1]
OTHER_IMAGES = os.environ.get("SCALESTREAM_TEST_IMAGES")

INSTALLED = {"slurm", "chromium", "shellcheck"}  # with Debian's packages, of which only one process at a time can install any
LONG = {*INSTALLED, "default", "family"}  # fixtures whose tests are for `make test-all`

if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ["OMP_NUM_THREADS"] = "1"  # of the programs that tests start; Snakemake sets it for its jobs
    torch.set_num_threads(1)  # each worker has a core


def pytest_configure():
    if OTHER_IMAGES and not any(Path(OTHER_IMAGES).glob("*/*.JPEG")):
        raise pytest.UsageError(
            f"SCALESTREAM_TEST_IMAGES: {OTHER_IMAGES} has no folders of JPEG files; give a folder that has, or unset it"
        )


@pytest.hookimpl(tryfirst=True)  # before -m and the groups are looked at
def pytest_collection_modifyitems(items):
    for item in items:
        if LONG & set(item.fixturenames):
            item.add_marker(pytest.mark.long)
        if INSTALLED & set(item.fixturenames):
            item.add_marker(pytest.mark.xdist_group("installed"))
    short = [item for item in items if not item.get_closest_marker("long")]
    builder = next((item for item in short if "study" in item.fixturenames), None)
    items.sort(key=lambda item: _turn(item, builder))


def _turn(item, builder) -> int:
    """Both workers are to be busy to the end: one begins with the finished runs that others wait for, long tests come early,
    those that need no such run first, and the many dry runs last."""
    if item is builder:
        return 0
    waits = bool({"tiny", "study"} & set(item.fixturenames))
    if item.get_closest_marker("long"):
        return 1 + waits
    return 5 if "folder" in item.fixturenames else 3 + waits


def pytest_terminal_summary(terminalreporter):
    places = {"slurm/": "on a real Slurm", "browser/": "in a real browser", "environment/": "of the shell scripts"}
    for place, what in places.items():
        skipped = terminalreporter.stats.get("skipped", [])
        for reason in {report.longrepr[2] for report in skipped if f"tests/{place}" in report.nodeid}:
            terminalreporter.write_sep("!", f"tests {what} did NOT run: {reason}", red=True, bold=True)


def blocks_of(network: str) -> dict[str, Block]:
    """A named network's blocks by name."""
    return {block.name: block for block in description(network).blocks}


def layers_of(network: str) -> dict[str, int]:
    """The channels of a named network's layers."""
    return description(network).channels(description(network).blocks)


def randomized(architecture: str, classes: int, seed: int = 0):
    """The network with seeded random weights and batch norm statistics that are not trivial, frozen."""
    torch.manual_seed(seed)
    return enlivened(build(architecture, classes))


@torch.no_grad()
def enlivened(network: torch.nn.Module) -> torch.nn.Module:
    """The network with batch norms, and convolutions that it begins with at zero, that are not trivial; frozen."""
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d) and not module.weight.any():
            torch.nn.init.kaiming_normal_(module.weight)
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(std=0.1)
            module.running_var.uniform_(0.5, 1.5)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, std=0.2)
    return network.requires_grad_(False)


@pytest.fixture(scope="session")
def small():
    """The small network with random weights and 12 classes."""
    return randomized("small", 12)


@pytest.fixture(scope="session")
def once(tmp_path_factory) -> Callable:
    """Builds a folder by its name, once for all workers: the first to ask does, and others wait."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent

    def built(name: str, build: Callable[[Path], None]) -> Path:
        folder, done = base / name, base / f"{name}.done"
        with open(base / f"{name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)  # of a worker that failed at it
                build(folder)
                done.touch()
        return folder

    return built


@pytest.fixture(scope="session")
def tiny(once) -> Path:
    """A copy of the project with a finished tiny run in it; not to be changed, nor run in."""
    from runs import TINY, checkout, completed

    return once("tiny", lambda folder: completed(checkout(folder), TINY))


@pytest.fixture(scope="session")
def study(tiny, once) -> Path:
    """A copy of the finished tiny run that went on to a small variant of config/study.yaml; not to be changed, nor run in."""
    from runs import TINY_STUDY, completed

    return once("study", lambda folder: completed(Path(shutil.copytree(tiny, folder)), TINY_STUDY))


@pytest.fixture(scope="session")
def family(once) -> Path:
    """A copy of the project with a finished run of three networks side by side; not to be changed, nor run in."""
    from runs import TINY_FAMILY, checkout, completed

    return once("family", lambda folder: completed(checkout(folder), TINY_FAMILY))


@pytest.fixture(scope="session")
def default(once) -> Path:
    """The numbers of a run of the embedded default, on one of the two blocks that it ablates, and fewer images; the other
    blocks do not change its numbers."""
    from runs import DEFAULT, completed, overlaid

    numbers = ["results/criteria.parquet", "results/candidates.parquet", "results/ratios.parquet"]
    return once(
        "default", lambda folder: completed(folder, overlaid(DEFAULT, blocks=["4.1"], ablation={"blocks": ["4.1"]}), *numbers)
    )


@pytest.fixture(scope="session")
def chromium():
    """A real browser."""
    from chromium import launched

    with launched() as found:
        yield found


@pytest.fixture(scope="session")
def shellcheck() -> str:
    """The program that knows the traps of shell scripts."""
    return installed("shellcheck")


@pytest.fixture
def copy(tiny, tmp_path) -> Path:
    """A copy of the finished tiny run that a test may change."""
    return Path(shutil.copytree(tiny, tmp_path / "run"))


@pytest.fixture(scope="session")
def real_images(once) -> Path:
    """200 real JPEG files in folders by wnid, of every fifth class; SCALESTREAM_TEST_IMAGES names a folder of others."""
    return Path(OTHER_IMAGES) if OTHER_IMAGES else once("photographs", photographs.write)


@pytest.fixture(scope="session")
def real_files(real_images) -> list[Path]:
    """A dozen real JPEG files: the greyscale ones, the smallest, the largest, and others of both orientations."""
    from PIL import Image

    files = sorted(real_images.glob("*/*.JPEG"))
    sizes = {file: Image.open(file).size for file in files}
    grey = [file for file in files if Image.open(file).mode == "L"]
    by_area = sorted(files, key=lambda file: sizes[file][0] * sizes[file][1])
    return list(dict.fromkeys([*grey, by_area[0], by_area[-1], *files[:8]]))


@pytest.fixture
def double_precision(monkeypatch):
    """Everything in float64, Lucent too.

    In float32 the rounding of a gradient that is nearly zero can turn a step of Adam round, and images drift apart."""
    monkeypatch.setattr(torch.Tensor, "float", torch.Tensor.double)
    monkeypatch.setattr(
        "lucent.optvis.param.color.color_correlation_normalized", color.color_correlation_normalized.astype(np.float64)
    )
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)
