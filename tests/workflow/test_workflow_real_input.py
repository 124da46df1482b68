"""The workflow on real input: torchvision's whole resnet18 from a state-dict file, and real JPEG files.

The weights are random but for the last layer, which is fitted to the 200 images, so that accuracies say something.
"""

import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.models import resnet18

import plain_ablation
from runs import completed, table
from scalestream.images.sources import imagenet_wnids

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("real input")]

CONFIG = {
    "model": {"architecture": "resnet18", "weights": "resnet18.pth"},
    "images": {"source": "wnid_folders", "resize": 256, "crop": 224, "batch_size": 25},
    "blocks": ["2.1"],
    "visualization": {"steps": 2, "jitter": 16, "channels_per_job": 64},
    "ablation": {
        "blocks": ["2.1"],
        "trials": 2,
        "trials_per_job": 2,
        "scale_percents": [20, 50],
        "slack": {"2.1": 1},
    },  # every draw is a trial
}

TARGETS = [
    *(f"results/{name}.parquet" for name in ("ratios", "candidates")),
    "results/figures/figure2.pdf",
    "results/figures/figure4.pdf",
]


@torch.inference_mode()
def with_fitted_readout(folder):
    """Random resnet18 whose last layer tells the folder's images apart: ridge regression on plain torchvision features."""
    torch.manual_seed(0)
    network = resnet18().eval()
    plain = transforms.Compose(
        [
            transforms.Resize(256),
            transforms.CenterCrop(224),
            transforms.ToTensor(),
            transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ]
    )
    files = sorted(folder.glob("*/*.JPEG"))
    head, network.fc = network.fc, torch.nn.Identity()
    features = torch.cat([network(plain(Image.open(file).convert("RGB"))[None]) for file in files]).double()
    classes = torch.tensor([imagenet_wnids().index(file.parent.name) for file in files])
    mean = features.mean(dim=0)
    centered = features - mean
    ridge = 1e-3 * centered.square().sum() / len(files) * torch.eye(len(mean))
    readout = torch.linalg.solve(centered.T @ centered + ridge, centered.T)  # one column an image
    head.weight.zero_()[classes] = readout.T.float()
    head.bias.fill_(-1)[classes] = -(readout.T @ mean).float()
    network.fc = head
    return network


@pytest.fixture(scope="module")
def finished(tmp_path_factory, real_images):
    folder = tmp_path_factory.mktemp("real")
    torch.save(with_fitted_readout(real_images).state_dict(), folder / "resnet18.pth")
    completed(folder, CONFIG | {"images": CONFIG["images"] | {"root": str(real_images)}}, *TARGETS)
    return folder


def test_every_image_has_its_imagenet_class(finished):
    wnids = imagenet_wnids()
    rows = table(finished, "images")
    assert len(rows) == 200
    assert all(wnids[row["class_index"]] == row["wnid"] and f"/{row['wnid']}/" in row["path"] for row in rows)


def test_every_channel_is_visualized_and_judged(finished):
    channels_of = {
        "layer2.0": 128,
        "layer2.1.bn2": 128,
        "layer2.1": 128,
    }
    for layer, channels in channels_of.items():
        assert [row["channel"] for row in table(finished, f"visualizations/{layer}")] == list(range(channels))
        assert len(table(finished, f"activations/{layer}")) == 200
    layers = {row["layer"] for row in table(finished, "top_images")}
    assert len(table(finished, "criteria")) == 128
    assert layers == set(channels_of) and len(table(finished, "top_images")) == 9 * sum(channels_of.values())
    assert len(table(finished, "mean_activations")) == 128  # of layer2.1, which is ablated


def test_accuracies_mean_something(finished):
    intact = {row["scale_percent"]: row["accuracy"] for row in table(finished, "ablation") if row["condition"] == "intact"}
    assert intact[0] > 0.9 > intact[50]
    for row in table(finished, "ratios"):
        print(row)
        assert row["n_trials"] == 2 and row["mean_ratio"] > 0


@torch.inference_mode()
def test_counts_are_those_of_the_plain_loop(finished):
    """Intact, scale and random, all scales: the whole network on every decoded file, with a hook."""
    network = resnet18().eval()
    network.load_state_dict(torch.load(finished / "resnet18.pth", weights_only=True))
    images = table(finished, "images")
    paths, labels = [row["path"] for row in images], torch.tensor([row["class_index"] for row in images])
    ablation = {(row["condition"], row["trial"], row["scale_percent"]): row["n_correct"] for row in table(finished, "ablation")}
    means = {row["channel"]: row["mean"] for row in table(finished, "mean_activations")}
    passing = [row["channel"] for row in table(finished, "criteria") if row["passes"]]
    draw = next(row["channels"] for row in table(finished, "candidates") if row["accepted"])
    differing = set()
    for percent in (0, 20, 50):
        inputs = [*DataLoader(plain_ablation.Files(paths, percent, 256, 224), 25)]
        for condition, trial, channels in (("intact", None, []), ("scale", None, passing), ("random", 0, draw)):
            answers = torch.cat([plain_ablation.logits(network, "2.1", channels, means, each).argmax(dim=1) for each in inputs])
            n_correct = int((answers == labels).sum())
            assert ablation[condition, trial, percent] == n_correct, (condition, percent)
            differing.add(n_correct)
    assert len(differing) > 4


def test_it_runs_to_the_figures(finished):
    conditions = {(row["condition"], row["trial"]) for row in table(finished, "ablation")}
    assert conditions == {("intact", None), ("scale", None), ("random", 0), ("random", 1)}
    assert [(row["block"], row["scale_percent"]) for row in table(finished, "ratios")] == [
        ("2.1", percent) for percent in (0, 20, 50)
    ]
    assert Image.open(finished / "results/figures/figure2.png").width > 600
    passing = {row["channel"] for row in table(finished, "criteria") if row["passes"]}
    shown = {row["channel"] for row in table(finished, "grids") if row["passes"]}
    assert shown == passing and (finished / "results/figures/figure4/1.png").exists()
