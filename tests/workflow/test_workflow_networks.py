"""Real runs of other networks: to figures and atlas a recurrent one with a pair of time steps; to the numbers a bottleneck
ResNet, one of timm's with a linear stream, and one of a user's own file. On a few small photographs, with random weights."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import transforms

from conftest import REPOSITORY
from runs import PATH, command, completed, forked, jobs, overlaid, planned, table
from scalestream.images.encoding import decode_png
from scalestream.networks.manifest import Manifest

OWN_FILE = """
from torchvision.models.resnet import BasicBlock, ResNet
from widths import CLASSES

def network():
    return ResNet(BasicBlock, [1, 1, 1, 1], num_classes=CLASSES)
"""
SHARED = {
    "images": {"source": "wnid_folders", "root": "photographs", "resize": 72, "crop": 64, "batch_size": 8},
    "visualization": {"steps": 2, "jitter": "by_receptive_field", "channels_per_job": 512},
    "criteria": {"tolerance": 2},
    "measures": {"lags": []},  # for which eight images are too few
    "ablation": {"blocks": [], "trials": 1, "trials_per_job": 1, "scale_percents": [50]},
}
NETWORKS = {
    "resnet50": {
        "model": {"architecture": "resnet50", "weights": "random:0"},
        "blocks": ["1.0", "1.1"],
        "ablation": {"blocks": ["1.0"], "slack": {"1.0": 1}},
    },
    "cornet_s": {
        "model": {"architecture": "cornet_s", "weights": "random:1"},
        "blocks": ["V2.t0", "V2.t1"],
        "criteria": {"pairs": [["V2.t0", "V2.t1"]]},
        "study": {"tuning": [1, 2]},
    },
    "timm": {
        "model": {"architecture": "timm:resnetv2_50.a1h_in1k", "weights": "random:2"},
        "blocks": ["stages.0.blocks.0", "stages.0.blocks.1"],
        "ablation": {"blocks": ["stages.0.blocks.1"], "slack": {"stages.0.blocks.1": 1}},
    },
    "own file": {
        "model": {"architecture": "network.py:network", "weights": "random:3"},
        "blocks": ["2.0", "3.0"],
    },
}
CHANNELS = {"resnet50": 256, "cornet_s": 128, "timm": 256, "own file": 128}
LAYERS = {
    "resnet50": ["layer1.0.downsample.1", "layer1.0.bn3", "layer1.0", "layer1.1.bn3", "layer1.1"],
    "cornet_s": ["V2.t0.norm_skip", "V2.t0.norm3", "V2.t0", "V2.t1.norm3", "V2.t1"],
    "timm": [
        *("stages.0.blocks.0.downsample.conv", "stages.0.blocks.0.conv3", "stages.0.blocks.0.rectified"),
        *("stages.0.blocks.0", "stages.0.blocks.1.conv3", "stages.0.blocks.1.rectified", "stages.0.blocks.1"),
    ],
    "own file": ["layer2.0.downsample.1", "layer2.0.bn2", "layer2.0", "layer3.0.downsample.1", "layer3.0.bn2", "layer3.0"],
}


TO_THE_NUMBERS = {  # one goes on to all figures and the atlas
    "resnet50": ["ablation"],
    "timm": ["ablation"],
    "cornet_s": ["time_steps", "peaks"],
}


def configured(name: str) -> dict:
    return overlaid(SHARED, **NETWORKS[name])


def targets(name: str) -> list[str]:
    """What a run is asked for; all that there is where nothing is named."""
    if name not in TO_THE_NUMBERS:
        return []
    pictures = [f"visualizations/{layer}" for layer in LAYERS[name] if layer != "stages.0.blocks.1"]  # the sum itself
    tables = ("criteria", "mean_activations", *TO_THE_NUMBERS[name], *pictures)
    figures = {"time_steps"} & set(tables)
    return [*(f"results/{table}.parquet" for table in tables), *(f"results/figures/{figure}.pdf" for figure in figures)]


def prepared(folder: Path, real_images: Path) -> Path:
    """A folder with what the configurations name: eight photographs, and a network file with another beside it."""
    for file in sorted(real_images.glob("*/*.JPEG"))[:8]:
        (folder / "photographs" / file.parent.name).mkdir(parents=True, exist_ok=True)
        (folder / "photographs" / file.parent.name / file.name).write_bytes(file.read_bytes())
    (folder / "network.py").write_text(OWN_FILE)
    (folder / "widths.py").write_text("CLASSES = 1000\n")
    return folder


@pytest.fixture(scope="module")
def folder(real_images, tmp_path_factory):
    return prepared(tmp_path_factory.mktemp("planned"), real_images)


@pytest.fixture(scope="module", params=NETWORKS)
def finished(request, real_images, tmp_path_factory):
    """A finished run, with the name of its network."""
    folder = prepared(tmp_path_factory.mktemp("run"), real_images)
    completed(folder, configured(request.param), *targets(request.param))
    return request.param, folder


def loaded(folder: Path) -> tuple[Manifest, torch.nn.Module]:
    os.chdir(folder)  # where the network's file is looked for
    manifest = Manifest.read(folder / "results/model/manifest.json")
    return manifest, manifest.load(folder / "results/model/weights.safetensors")


def plain_input(row: dict, mean: list[float], std: list[float], interpolation) -> torch.Tensor:
    """An image as torchvision prepares it."""
    prepare = transforms.Compose(
        [
            transforms.Resize(72, interpolation),
            transforms.CenterCrop(64),
            transforms.ToTensor(),
            transforms.Normalize(mean, std),
        ]
    )
    return prepare(Image.open(row["path"]).convert("RGB"))[None]


def preprocessing(name: str) -> tuple:
    if name == "timm":
        return [0.5] * 3, [0.5] * 3, transforms.InterpolationMode.BICUBIC
    return [0.485, 0.456, 0.406], [0.229, 0.224, 0.225], transforms.InterpolationMode.BILINEAR


@pytest.mark.long
@pytest.mark.xdist_group("networks")
def test_a_run_of_another_network(finished, monkeypatch):
    """One test, as each run is one: files, verdicts, activations and accuracies against plain forward passes."""
    name, folder = finished
    monkeypatch.chdir(folder)
    config, channels = configured(name), CHANNELS[name]
    manifest, network = loaded(folder)
    assert manifest.weights == config["model"]["weights"] and manifest.classes == 1000

    if name not in TO_THE_NUMBERS:
        shown = {path.stem for path in (folder / "results/figures").glob("*.pdf")}
        assert shown == {"figure1", "figure3", "figure4", "passing", "circuits", "criteria", "objective", "benchmarks"}
        assert (folder / "results/atlas/index.html").exists()

    blocks = [*config["blocks"], *("-".join(pair) for pair in config["criteria"].get("pairs", []))]
    criteria = table(folder, "criteria")
    assert [row["block"] for row in criteria[::channels]][: len(blocks)] == blocks or name == "own file"
    assert {path.stem for path in (folder / "results/activations").glob("*.parquet")} == set(LAYERS[name])

    images = table(folder, "images")
    inputs = torch.cat([plain_input(row, *preprocessing(name)) for row in images])
    kept = {}
    for layer in filter(lambda layer: not layer.endswith("rectified"), LAYERS[name]):
        network.get_submodule(layer).register_forward_hook(
            lambda _module, _inputs, output, layer=layer: kept.update({layer: output.clone()})
        )
    logits = network(inputs)
    for layer in LAYERS[name]:
        maps = kept[layer.removesuffix(".rectified")]
        maps = maps.relu() if layer.endswith("rectified") else maps
        found = np.array([row["activations"] for row in table(folder, f"activations/{layer}")])
        center = maps[:, :, maps.shape[2] // 2, maps.shape[3] // 2].numpy()
        np.testing.assert_allclose(found, center, rtol=1e-3, atol=1e-3 * np.abs(center).max())

    if name == "cornet_s":
        assert_time_steps(folder)
    for block in blocks:
        assert_judged(folder, network, kept, manifest.blocks[block], name)
    if config["ablation"]["blocks"]:
        labels = torch.tensor([row["class_index"] for row in images])
        (row,) = [row for row in table(folder, "ablation") if (row["condition"], row["scale_percent"]) == ("intact", 0)]
        assert row["n_correct"] == int((logits.argmax(dim=1) == labels).sum())


def assert_time_steps(folder: Path) -> None:
    """Each step's own images, and those of the first at the second, whose criteria are the pair's; as the peaks have them."""
    assert Image.open(folder / "results/figures/time_steps.png").width > 300
    rows, peaks = table(folder, "time_steps"), {}
    for row in table(folder, "peaks"):
        peaks[row["block"], row["source"], row["stimulus"], row["channel"]] = row["post_peak"]
    passes = {row["channel"]: row["passes"] for row in table(folder, "criteria") if row["block"] == "V2.t0-V2.t1"}
    asked = {(0, 0): ("V2.t0", "Pre"), (1, 1): ("V2.t1", "Pre"), (1, 0): ("V2.t0-V2.t1", "In")}
    assert {(row["step"], row["image_step"]) for row in rows} == set(asked) and any(passes.values())
    for row in rows:
        steps = row["step"], row["image_step"]
        assert row["preferred_magnification"] == peaks[*asked[steps], row["stimulus"], row["channel"]]
        assert row["same_feature"] == (passes[row["channel"]] if steps == (1, 0) else None)


def assert_judged(folder: Path, network, kept: dict, block, name: str) -> None:
    """A channel's terms of both equations are those of plain passes over the stored visualizations."""
    mean, std, _ = preprocessing(name)
    rows = [row for row in table(folder, "criteria") if row["block"] == block.name]
    assert len(rows) == block.channels
    for row in rows[:: block.channels // 2]:
        x_in, x_pre = (picture(folder, layer, row["channel"]) for layer in (block.input, block.pre))
        plain = transforms.Compose([transforms.ToTensor(), transforms.Normalize(mean, std)])
        magnified = transforms.Resize([64, 64])(transforms.CenterCrop(32)(plain(x_in)[None]))

        def term(layer: str, inputs: torch.Tensor) -> float:
            network(inputs)
            maps = kept[layer.removesuffix(".rectified")]
            value = maps[0, row["channel"], maps.shape[2] // 2, maps.shape[3] // 2]
            return float(value.relu() if layer.endswith("rectified") else value)

        terms = {
            "pre_in": term(block.pre, plain(x_in)[None]),
            "pre_in_scaled": term(block.pre, magnified),
            "post_in": term(block.post, plain(x_in)[None]),
            "post_pre": term(block.post, plain(x_pre)[None]),
        }
        for key, value in terms.items():
            assert row[key] == pytest.approx(value, rel=1e-3, abs=1e-3), (block.name, row["channel"], key)
        assert row["gain_passes"] == (row["pre_in_scaled"] > max(row["pre_in"], 0))


def picture(folder: Path, layer: str, channel: int) -> np.ndarray:
    (row,) = [row for row in table(folder, f"visualizations/{layer}") if row["channel"] == channel]
    return decode_png(row["png"])


@pytest.mark.parametrize("name", ["resnet50", "cornet_s", "own file", pytest.param("timm", marks=pytest.mark.long)])
def test_it_is_planned_with_the_slurm_profile(folder, name):
    counts = planned_on_slurm(folder, configured(name))
    assert counts["visualize"] == len({layer for layer in LAYERS[name] if name != "timm" or layer not in {"stages.0.blocks.1"}})
    assert counts["extract_activations"] == counts["resolve_model"] == 1


def planned_on_slurm(folder: Path, config: dict) -> dict[str, int]:
    return jobs(forked(folder, config, "--dry-run", "--workflow-profile", str(REPOSITORY / "profiles/slurm")))


def test_planning_reads_no_torch(folder, tmp_path):
    """With a torch that cannot be imported; neither resnet152's description nor that of a network which is kept needs it."""
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch/__init__.py").write_text("raise RuntimeError('torch was imported')\n")
    planned(folder, configured("own file"))  # which keeps its description
    resnet152 = overlaid(configured("resnet50"), model={"architecture": "resnet152", "weights": "IMAGENET1K_V2"}, blocks="all")
    resnet152 = overlaid(resnet152, ablation={"blocks": ["3.35"], "slack": {}})
    for config in (resnet152, configured("own file")):
        done = subprocess.run(
            [*command(folder, config), "--dry-run", "--cores", "2"],
            capture_output=True,
            text=True,
            env=os.environ | {"PATH": PATH, "PYTHONPATH": str(tmp_path)},
        )
        assert "extract_activations" in jobs(done)
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    probe = subprocess.run([sys.executable, "-c", "import torch"], env=environment, capture_output=True)
    assert b"torch was imported" in probe.stderr


FAULTS = {
    "an unknown network": ({"model": {"architecture": "resnet51"}}, "unknown network 'resnet51'; did you mean resnet50"),
    "an unknown network of timm": (
        {"model": {"architecture": "timm:resnet5x"}},
        "timm has no network 'resnet5x'; did you mean",
    ),
    "no file": (
        {"model": {"architecture": "nowhere.py:network"}},
        "there is no file nowhere.py; give path/to/file.py:function",
    ),
    "no module": ({"model": {"architecture": "broken.py:number"}}, "broken.py:number returns int; return an nn.Module"),
    "a file that does not import": (
        {"model": {"architecture": "faulty.py:network"}},
        "faulty.py cannot be imported (ModuleNotFoundError",
    ),
    "no usable block": ({"model": {"architecture": "broken.py:plain"}}, "has no residual block that can be analysed"),
    "weights of another network": (
        {"model": {"architecture": "resnet50", "weights": "small.pth"}},
        "model.weights: small.pth does not fit resnet50: conv1.weight has shape",
    ),
    "a block of another network": ({"blocks": ["V2.t0"]}, "blocks: resnet50 has no block 'V2.t0'; it has 1.0, 1.1"),
    "a pair of two stages": ({"criteria": {"pairs": [["1.0", "2.0"]]}}, "1.0 and 2.0 do not share their channels"),
    "a pair the wrong way round": ({"criteria": {"pairs": [["1.1", "1.0"]]}}, "1.0 comes before 1.1; turn them round"),
    "random weights without a seed": ({"model": {"weights": "random:x"}}, "'random:x' has no seed"),
}


DESCRIBED = {"an unknown network of timm", "no module", "a file that does not import", "no usable block"}  # by a process


@pytest.mark.parametrize(
    "fault", [pytest.param(fault, marks=[pytest.mark.long] if fault in DESCRIBED else []) for fault in FAULTS]
)
def test_a_fault_is_one_line(folder, fault):
    change, message = FAULTS[fault]
    (folder / "broken.py").write_text(
        "from torch import nn\n\ndef number():\n    return 1\n\ndef plain():\n"
        "    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))\n"
    )
    (folder / "faulty.py").write_text("import nothing_of_that_name\n")
    torch.save({"conv1.weight": torch.zeros(16, 3, 7, 7), "fc.weight": torch.zeros(12, 48)}, folder / "small.pth")
    run = forked(folder, overlaid(configured("resnet50"), **change), "--dry-run", "--cores", "2")
    said = [line for line in (run.stdout + run.stderr).splitlines() if "config" in line or "model." in line]
    assert run.returncode and any(message in line for line in said), run.stderr
    assert "Traceback" not in run.stderr
