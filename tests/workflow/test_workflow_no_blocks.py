"""Runs without blocks: InceptionV1 with random weights to its pairs of channels and the report, and any network to its model
and images."""

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import transforms

from runs import TINY, completed, overlaid, planned, snakemake, table
from scalestream.images.encoding import decode_png
from scalestream.networks.manifest import Manifest

PAIRS = [["conv2d0", "conv2d1"], ["mixed3a_1x1", "mixed3a_5x5"]]
INCEPTION = {
    "model": {"architecture": "inception_v1", "weights": "random:0"},
    "images": {"demo": {"per_class": 1}, "resize": 72, "crop": 64},
    "blocks": [],
    "layer_pairs": PAIRS,
    "visualization": {"steps": 2, "jitter": "by_receptive_field", "channels_per_job": 64},
    "criteria": {"rewirings": 100},
    "ablation": {"blocks": []},
}
INPUT = transforms.Compose([transforms.ToTensor(), lambda pixels: 255 * pixels - 117])


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inception")
    completed(folder, INCEPTION)
    return folder


@pytest.mark.long
def test_a_run_of_inception(finished, monkeypatch):
    """Files, and the numbers of pairs against plain passes of Lucent's network with hooks."""
    results = finished / "results"
    assert {path.stem for path in (results / "figures").glob("*.pdf")} == {"channel_pairs", "channel_pair_counts", "benchmarks"}
    assert {path.stem for path in (results / "tables").glob("*.html")} == {"channel_pairs", "channel_pair_counts", "benchmarks"}
    assert len(table(finished, "images")) == 12 and not (results / "atlas").exists()
    assert Image.open(results / "figures/channel_pairs.png").width > 1500
    assert planned(finished, INCEPTION) == {}

    monkeypatch.chdir(finished)
    network = Manifest.read(results / "model/manifest.json").load(results / "model/weights.safetensors")
    magnify = transforms.Compose([transforms.CenterCrop(32), transforms.Resize(64)])
    rows = {(row["later"], row["channel"]): row for row in table(finished, "channel_pairs")}
    assert len(rows) == 64 + 64
    pictures = table(finished, "channel_pair_pictures")
    assert [(row["earlier"], row["later"]) for row in pictures[::6]] == [tuple(both) for both in PAIRS]
    for row in pictures[::5]:
        image, kept = INPUT(decode_png(row["image"]))[None], []
        hook = network.get_submodule(row["later"]).register_forward_hook(lambda _m, _i, output, kept=kept: kept.append(output))
        for inputs in (image, magnify(image), INPUT(decode_png(row["image_of_match"]))[None]):
            with torch.inference_mode(), pytest.raises(RuntimeError, match="Output size is too small"):  # the classifier's
                network(inputs)
        hook.remove()
        plain, scaled, peak = (float(maps[0, row["match"], maps.shape[2] // 2, maps.shape[3] // 2]) for maps in kept)
        found = rows[row["later"], row["channel"]]
        assert (row["response"], row["response_scaled"]) == pytest.approx((plain, scaled), rel=1e-3, abs=1e-2)
        assert row["peak"] == pytest.approx(peak, rel=1e-3, abs=1e-2) and found["match"] == row["match"]
        assert found["normalized_gain"] == pytest.approx((scaled - max(plain, 0)) / peak, rel=1e-2, abs=1e-3)
    for counts in table(finished, "channel_pair_counts"):
        of_pair = [row for row in rows.values() if row["later"] == counts["later"]]
        assert counts["matched"] == sum(row["p"] is not None and row["p"] <= 0.05 for row in of_pair)
        assert counts["n_compared"] == sum(row["p"] is not None for row in of_pair) > 20
    likes = [row["like_signs"] for row in rows.values() if row["later"] == "mixed3a_5x5" and row["match"] is not None]
    assert np.mean(likes) == pytest.approx(0.5, abs=0.05)

    report = snakemake(finished, INCEPTION, "--report", str(finished / "report.zip"))
    assert report.returncode == 0 and (finished / "report.zip").stat().st_size > 100_000, report.stderr


@pytest.mark.parametrize("asked", [{}, {"study": {"tuning": [1, 2], "resamples": 50, "nulls": ["rotated"]}, "atlas": {}}])
def test_without_blocks_any_network_is_run_to_its_model_and_images(tmp_path, asked):
    """What needs blocks is left out, in a study too."""
    config = overlaid(TINY, blocks=[], ablation=overlaid(TINY["ablation"], blocks=[], slack={}), **asked)
    assert set(planned(tmp_path, config)) == {
        *("draw_demo_images", "list_images", "resolve_model"),
        *("gather_benchmarks", "render_tables", "plot_benchmarks"),
    }


def test_of_a_network_with_blocks_layers_are_compared_without_them(tmp_path):
    config = overlaid(TINY, blocks=[], layer_pairs=[["layer2.0", "layer3.1"]])
    plan = planned(tmp_path, overlaid(config, ablation={"blocks": [], "slack": {}}))
    assert (plan["visualize"], plan["measure_layer_pair"], plan["visualize_matches"]) == (1, 1, 1)
    assert {"plot_channel_pairs", "plot_channel_pair_counts"} < set(plan) and "evaluate_criteria" not in plan
