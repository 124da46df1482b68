"""Shared fixtures: networks that are cheap to run, and real JPEG files."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from lucent.optvis.param import color

from scalestream.network import build

REPOSITORY = Path(__file__).parents[1]
REAL_IMAGES = Path(os.environ.get("SCALESTREAM_TEST_IMAGES", REPOSITORY.parent / "shared" / "images" / "imagenet-200"))


# Fast tests first.
SLOW = ["test_memory", "test_atlas", "test_report", "test_reruns", "test_workflow", "test_workflow_study", "test_faults", "test_workflow_default",
        "test_slurm", "test_workflow_real_input"]


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: SLOW.index(item.module.__name__) if item.module.__name__ in SLOW else -1)


def pytest_terminal_summary(terminalreporter):
    for folder, what in {"slurm": "on a real Slurm", "browser": "in a real browser"}.items():
        skipped = terminalreporter.stats.get("skipped", [])
        for reason in {report.longrepr[2] for report in skipped if f"tests/{folder}/" in report.nodeid}:
            terminalreporter.write_sep("!", f"tests {what} did NOT run: {reason}", red=True, bold=True)


def randomized(architecture: str, classes: int, seed: int = 0):
    """The network with seeded random weights and batch norm statistics that are not trivial, frozen."""
    torch.manual_seed(seed)
    network = build(architecture, classes)
    for module in network.modules():
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
def tiny(tmp_path_factory) -> Path:
    """A copy of the project with a finished tiny run in it; not to be changed."""
    from runs import TINY, checkout, snakemake

    folder = checkout(tmp_path_factory.mktemp("tiny"))
    run = snakemake(folder, TINY)
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


@pytest.fixture(scope="session")
def study(tiny, tmp_path_factory) -> Path:
    """A copy of the finished tiny run that went on to a small variant of config/study.yaml; not to be changed."""
    from runs import TINY_STUDY, snakemake

    folder = shutil.copytree(tiny, tmp_path_factory.mktemp("study") / "run")
    run = snakemake(folder, TINY_STUDY)
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


@pytest.fixture(scope="session")
def default(tmp_path_factory) -> Path:
    """A finished run of the embedded default, on the two blocks that it ablates; the other blocks do not change theirs."""
    from runs import snakemake

    folder = tmp_path_factory.mktemp("default")
    run = snakemake(folder, {"blocks": ["2.0", "4.0"]})
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


@pytest.fixture(scope="session")
def chromium():
    """A real browser."""
    from chromium import launched

    with launched() as found:
        yield found


@pytest.fixture
def copy(tiny, tmp_path) -> Path:
    """A copy of the finished tiny run that a test may change."""
    return Path(shutil.copytree(tiny, tmp_path / "run"))


@pytest.fixture(scope="session")
def real_images() -> Path:
    """200 real JPEG files in folders by wnid; SCALESTREAM_TEST_IMAGES says where, if not beside the checkout."""
    if not REAL_IMAGES.is_dir():
        pytest.skip(f"no real images at {REAL_IMAGES}; set SCALESTREAM_TEST_IMAGES to a folder of ImageNet wnid folders")
    return REAL_IMAGES


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
    monkeypatch.setattr("lucent.optvis.param.color.color_correlation_normalized",
                        color.color_correlation_normalized.astype(np.float64))
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)
