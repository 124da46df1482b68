"""The workflow on real input: torchvision's whole resnet18 from a state-dict file, and real JPEG files."""

import pytest
import torch
from PIL import Image
from torchvision.models import resnet18

from runs import snakemake, table
from scalestream.images import imagenet_wnids

CONFIG = {
    "model": {"architecture": "resnet18", "weights": "resnet18.pth"},
    "images": {"source": "wnid_folders", "resize": 256, "crop": 224, "batch_size": 25},
    "blocks": ["2.1", "3.1"],
    "visualization": {"steps": 2, "jitter": 16, "channels_per_job": 64},
    "ablation": {"blocks": ["2.1", "3.1"], "trials": 2, "trials_per_job": 2, "scale_percents": [10, 50],
                 "slack": {"3.1": 0.01}},
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory, real_images):
    folder = tmp_path_factory.mktemp("real")
    torch.manual_seed(0)
    torch.save(resnet18().state_dict(), folder / "resnet18.pth")
    run = snakemake(folder, CONFIG | {"images": CONFIG["images"] | {"root": str(real_images)}})
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


def test_every_image_has_its_imagenet_class(finished):
    wnids = imagenet_wnids()
    rows = table(finished, "images")
    assert len(rows) == 200
    assert all(wnids[row["class_index"]] == row["wnid"] and f"/{row['wnid']}/" in row["path"] for row in rows)


def test_every_channel_is_visualized_and_judged(finished):
    for layer, channels in {"layer2.0": 128, "layer2.1.bn2": 128, "layer2.1": 128,
                            "layer3.0": 256, "layer3.1.bn2": 256, "layer3.1": 256}.items():
        assert [row["channel"] for row in table(finished, f"visualizations/{layer}")] == list(range(channels))
        assert len(table(finished, f"activations/{layer}")) == 200
    assert len(table(finished, "criteria")) == 128 + 256
    assert len(table(finished, "mean_activations")) == 128 + 256
    assert len(table(finished, "top_images")) == 6 / 2 * (128 + 256) * 9


def test_it_runs_to_the_figures(finished):
    ablation = table(finished, "ablation")
    assert {(row["block"], row["condition"], row["trial"]) for row in ablation} == {
        (block, condition, trial) for block in ("2.1", "3.1")
        for condition, trial in (("intact", None), ("scale", None), ("random", 0), ("random", 1))}
    assert [(row["block"], row["scale_percent"]) for row in table(finished, "ratios")] == [
        (block, percent) for block in ("2.1", "3.1") for percent in (0, 10, 50)]
    assert Image.open(finished / "results/figures/figure2.png").width > 900
    for block in ("2.1", "3.1"):
        passing = {row["channel"] for row in table(finished, "criteria") if row["block"] == block and row["passes"]}
        assert passing == {int(path.stem) for path in (finished / f"results/figures/grids/{block}").glob("*.png")}
