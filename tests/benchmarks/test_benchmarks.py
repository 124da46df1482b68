"""The benchmark runs, and what it writes holds together; how fast anything is is not tested."""

import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest

import lags
from ablation import NETWORK, PAPER, Count, Images, require_same
from conftest import REPOSITORY
from scalestream.images import cache
from scalestream.images.loading import ImageFiles


def benchmark(name: str, *arguments: str) -> subprocess.CompletedProcess:
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY / "workflow")}
    return subprocess.run(
        [sys.executable, REPOSITORY / "benchmarks" / name, *arguments], capture_output=True, text=True, env=environment
    )


def test_the_visualization_benchmark(tmp_path):
    output = tmp_path / "benchmarks" / "visualization.json"
    done = benchmark("visualization.py", "--layers", "layer1.1", "layer1.1.bn2", "--rounds", "1", "--output", str(output))
    assert done.returncode == 0, done.stderr
    rows = json.loads(output.read_text())
    assert [row["layer"] for row in rows] == ["layer1.1", "layer1.1.bn2", "all, post: all", "all, post: passing"]
    for row in rows:
        assert set(row) == {"layer", "plain_ms", "ours_ms", "ratio"}
        assert row["ratio"] == pytest.approx(row["plain_ms"] / row["ours_ms"])
        assert min(row["plain_ms"], row["ours_ms"]) > 0
        assert f"{row['ratio']:14.2f}" in done.stdout
    one, other, every, passing = rows
    assert every["plain_ms"] == passing["plain_ms"] == pytest.approx((one["plain_ms"] + other["plain_ms"]) / 2)
    assert every["ours_ms"] == pytest.approx((one["ours_ms"] + other["ours_ms"]) / 2)
    assert passing["ours_ms"] == pytest.approx((6 * one["ours_ms"] + 64 * other["ours_ms"]) / 128)  # six pass in block 1.1
    assert f"{passing['ours_ms'] / passing['plain_ms']:.3f} of plain" in done.stdout
    taken, images, share = re.search(
        r"null of 1.1 +(\S+) s beside (\d+) s of Pre's images, a share of (\S+)", done.stdout
    ).groups()
    assert int(images) == pytest.approx(64 * 2560 * other["ours_ms"] / 1e3, abs=1)
    assert float(share) == pytest.approx(float(taken) / int(images), rel=0.1, abs=1e-4)


def test_a_layer_that_does_not_exist_is_refused_in_one_line():
    done = benchmark("visualization.py", "--layers", "layer5")
    assert done.returncode == 2 and "resnet18 has no layer 'layer5'; it has layer1.0, " in done.stderr.splitlines()[-1]


def test_the_ablation_benchmark(tmp_path):
    output = tmp_path / "benchmarks" / "ablation.json"
    done = benchmark(
        "ablation.py", "--count", "4", "--batch-size", "2", "--blocks", "3.1", "--rounds", "1", "--output", str(output)
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads(output.read_text())
    assert [(row["block"], row["conditions"]) for row in rows] == [("3.1", 1), ("3.1", 11), ("3.1", 50), (None, 18)]
    for row in rows:
        assert set(row) == {"block", "conditions", "plain_rate", "ours_rate", "ratio"}
        assert row["ratio"] == pytest.approx(row["ours_rate"] / row["plain_rate"]) and row["plain_rate"] > 0
        assert f"{row['ratio']:8.2f}" in done.stdout


def test_an_answer_that_no_plain_pass_gives_ends_the_ablation_benchmark():
    """Also one of the last condition; but not one that rounding may change."""
    plain = [Count(5, 0), Count(3, 0), Count(4, 1)]
    require_same("ours", "2.1", [5, 3, 5], plain)
    with pytest.raises(SystemExit, match="block 2.1, condition 2: ours counts 2 correct answers, plain forward passes 4"):
        require_same("ours", "2.1", [5, 3, 2], plain)
    with pytest.raises(SystemExit, match="block 2.1, condition 1: ours counts 5 correct answers, plain forward passes 3"):
        require_same("ours", "2.1", [5, 5, 5], plain)


def test_the_benchmark_of_lags(real_images, tmp_path):
    paths = [str(path) for path in sorted(real_images.glob("*/*.JPEG"))[:20]]
    images = Images(paths, str(tmp_path / "0-of-1.arrow"), 8, 1)
    cache.write(images.shard, ImageFiles(paths, PAPER["resize"]))
    row = lags.measure(NETWORK.by_name["1.1"], images, rounds=1)
    assert row["block"] == "1.1" and row["ratio"] == pytest.approx(row["activations_rate"] / row["ours_rate"])
    assert row["plain_rate"] > 0


def test_correlations_that_no_plain_loop_gives_end_the_benchmark_of_lags():
    expected = np.array([[[0.5, np.nan], [0.1, np.nan]]])
    lags.require_same("1.1", expected + 1e-5, expected)
    with pytest.raises(SystemExit, match="block 1.1: correlations are up to 0.1 away from the plain loop's"):
        lags.require_same("1.1", np.array([[[0.5, 0], [0.2, 0]]]), np.array([[[0.5, 0], [0.1, 0]]]))
    with pytest.raises(SystemExit, match="block 1.1"):
        lags.require_same("1.1", np.zeros((1, 2, 2)), expected)


def test_images_that_are_not_there_are_said_in_one_line(tmp_path):
    done = benchmark("ablation.py", "--images", str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"--images: {tmp_path} has no folders of JPEG files; give a folder that has"
