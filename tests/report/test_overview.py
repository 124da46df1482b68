"""What `python -m scalestream blocks` prints, as a user sees it."""

import os
import re
import subprocess
import sys

import pytest

from conftest import REPOSITORY
from scalestream.config import files
from scalestream.config.checking import completed, judged
from scalestream.report.overview import visualizations


def printed(folder, text: str) -> subprocess.CompletedProcess:
    (folder / "my.yaml").write_text(text)
    return subprocess.run(
        [sys.executable, "-m", "scalestream", "blocks", "--configfile", "my.yaml"],
        cwd=folder,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY / "workflow")},
    )


def test_blocks_and_pairs_with_their_fields_and_the_time_to_expect(tmp_path):
    done = printed(tmp_path, "blocks: ['2.0', '2.1']\ncriteria: {pairs: [['2.0', '2.1']]}\nvisualization: {steps: 16}\n")
    lines = done.stdout.splitlines()
    rows = {line.split()[0]: line.split()[1:] for line in lines[1:9]}
    assert list(rows) == ["1.1", "2.0", "2.1", "3.0", "3.1", "4.0", "4.1", "2.0-2.1"], done.stderr
    assert rows["2.1"] == ["layer2.0", "layer2.1.bn2", "layer2.1", "24", "67", "99", "1.48", "0", "4"]
    assert rows["2.0-2.1"] == ["layer2.0.downsample.1", "layer2.1.bn2", "layer2.1", "24", "43", "99", "2.30", "0", "4"]
    assert "not a block: layer1.0.add: its In is the output of a pooling, not of a layer" in lines
    assert "120 visualizations of 16 steps" in lines  # five layers of 24 channels
    (hours,) = re.findall(r"about (\S+) hours on one core, \S+ on the \d+ of this machine", done.stdout)
    assert 1e-4 < float(hours) < 1


def test_bad_input_is_one_line(tmp_path):
    for text, message in {
        "blocks: ['9.0']": "blocks: small has no block '9.0'; it has 1.1",
        "blocks: [": "my.yaml cannot be read as YAML",
        "- a": "my.yaml holds no configuration",
        "model: {architecture: resnet51}": "did you mean resnet50",
    }.items():
        done = printed(tmp_path, text)
        assert done.returncode == 1 and message in done.stderr and len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(("post", "total"), [("all", 4672), ("passing", 3712)])
def test_counts_are_the_papers(post, total):
    """4,672 visualizations in all, 3,712 of them at In and Pre; every further seed makes the latter again."""
    config = files.read([REPOSITORY / "config" / "paper.yaml"])
    for seeds, expected in ([0], total), ([0, 1], total + 3712):
        config["visualization"] |= {"post": post, "seeds": seeds}
        complete, network = completed(config)
        assert sum(visualizations(complete, judged(complete, network)).values()) == expected
