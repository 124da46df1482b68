"""What the embedded default promises, on one of the two blocks that it ablates."""

import torch
from torch.utils.data import DataLoader

import plain_ablation
from runs import table
from scalestream.networks.manifest import Manifest


def test_the_network_is_right_about_most_images_and_about_fewer_that_are_magnified(default):
    accuracy = {row["scale_percent"]: row["accuracy"] for row in table(default, "ablation") if row["condition"] == "intact"}
    assert 0.9 <= accuracy[0] <= 0.985  # 0.97 with all of the default's images
    assert accuracy[0] > accuracy[20] > accuracy[30] > accuracy[40] > accuracy[50] and accuracy[50] < accuracy[0] - 0.2


def test_channels_pass_and_none_by_a_noise_image(default):
    passing = [row for row in table(default, "criteria") if row["passes"]]
    assert {row["block"] for row in passing} == {"4.1"}
    assert not any(row["in_dead_gradient"] for row in passing)


def test_the_ablation_is_complete(default):
    ratios = table(default, "ratios")
    assert [(row["block"], row["scale_percent"]) for row in ratios] == [("4.1", percent) for percent in (0, 10, 20, 30, 40, 50)]
    assert all(row["n_trials"] == 10 and 0.5 < row["mean_ratio"] < 1.5 for row in ratios)
    assert all(row["accepted"] for row in table(default, "candidates")) is False


@torch.inference_mode()
def test_counts_are_those_of_the_plain_loop(default):
    """Intact, scale and two trials, all scales: the whole network on every decoded file, with a hook."""
    small = Manifest.read(default / "results/model/manifest.json").load(default / "results/model/weights.safetensors")
    images = table(default, "images")
    paths, labels = [default / row["path"] for row in images], torch.tensor([row["class_index"] for row in images])
    inputs = {
        percent: torch.cat([*DataLoader(plain_ablation.Files(paths, percent, 128, 112), 60)])
        for percent in (0, 10, 20, 30, 40, 50)
    }
    draws = [row["channels"] for row in table(default, "candidates") if row["accepted"]]
    means = {row["channel"]: row["mean"] for row in table(default, "mean_activations") if row["layer"] == "layer4.1"}
    passing = [row["channel"] for row in table(default, "criteria") if row["passes"]]
    rows = table(default, "ablation")
    assert len(rows) == 12 * 6
    for row in (row for row in rows if row["trial"] in (None, 0, 9)):
        channels = {"intact": [], "scale": passing}[row["condition"]] if row["trial"] is None else draws[row["trial"]]
        views = inputs[row["scale_percent"]].split(60)
        answers = torch.cat([plain_ablation.logits(small, "4.1", channels, means, batch).argmax(dim=1) for batch in views])
        assert row["n_correct"] == int((answers == labels).sum()), row


def test_draws_are_counted_up_to_what_decides_them(default):
    no_scale = {
        (row["block"], row["condition"]): row["n_correct"] for row in table(default, "ablation") if row["scale_percent"] == 0
    }
    for row in table(default, "candidates"):
        most = no_scale[row["block"], "scale"]
        assert row["accepted"] == (row["n_correct"] <= most)
        assert (
            (row["n_seen"] == 600 and row["accuracy"] == row["n_correct"] / 600)
            if row["accepted"]
            else (row["n_correct"] == most + 1 and row["accuracy"] is None)
        )
