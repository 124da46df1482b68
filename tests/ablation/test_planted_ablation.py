"""The ablation where its answer is known: Eq. 3 falls with the scale for channels that are scale invariant by construction, and
for others it does not."""

import pandas as pd
import pytest
import torch

from conftest import REPOSITORY, blocks_of
from scalestream.ablation.ablated_network import AblatedNetwork
from scalestream.ablation.evaluation import Condition, Evaluation
from scalestream.ablation.ratios import ratios
from scalestream.activations.center import center
from scalestream.config.files import read
from scalestream.images.gratings import write_images
from scalestream.images.loading import ImageFiles, ScaleTransformedImages, batches
from scalestream.images.preprocessing import network_input
from scalestream.networks.families.planted import planted_network
from scalestream.networks.graph import cut_after
from scalestream.networks.planting import BLOCK, CLASSES, FEATURES, planted_kinds

FILES = [REPOSITORY / "config" / name for name in ("planted.yaml", "planted_ablation.yaml")]
KINDS = {name: count for name, count in read(FILES)["model"]["planted"]["kinds"].items() if count}
SEED, RESIZED, CROP, PER_CLASS = 0, 128, 112, 20
PERCENTS = [0, 20, 30, 40, 50]


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """The channels of each kind by class, and a function from channel sets to the ratios of the first to the others."""
    folder = tmp_path_factory.mktemp("gratings")
    write_images(folder, PER_CLASS, RESIZED, SEED)
    images = ImageFiles([str(path) for path in sorted(folder.glob("*/*.png"))], RESIZED)
    labels = [label for label in range(len(CLASSES)) for _ in range(PER_CLASS)]
    network, block = planted_network(SEED, KINDS), blocks_of("planted")[BLOCK]
    seen = batches(ScaleTransformedImages(images, labels, [0], CROP), 60, workers=0)
    part = cut_after(network, block.stream)
    means = torch.cat([center(part(network_input(batch[:, 0], torch.device("cpu")))) for batch, _ in seen]).mean(dim=0)
    evaluation = Evaluation(AblatedNetwork(network, block, means), [], images, labels, CROP, "paper", 60, 0)

    def compared(channels: list[int], *others: list[int]) -> dict[int, float]:
        conditions = [Condition("scale", None, channels), *(Condition("random", *each) for each in enumerate(others))]
        rows = pd.DataFrame([{"block": BLOCK} | row for row in evaluation.rows(conditions, PERCENTS)])
        return {row["scale_percent"]: row["mean_ratio"] for row in ratios(rows)}

    kinds = planted_kinds(KINDS, SEED)
    by_class = {
        kind: [
            [channel for channel, feature in FEATURES.items() if feature.label == label and kinds[channel] == kind]
            for label in CLASSES
        ]
        for kind in KINDS
    }
    return {kind: list(filter(None, channels)) for kind, channels in by_class.items()}, compared


def test_the_ratio_falls_for_planted_channels(planted):
    by_class, compared = planted
    found = compared(sum(by_class["octave"], []), sum(by_class["none"], []))
    assert all(found[percent] < found[0] - 0.1 for percent in PERCENTS[1:])
    assert found[50] < 0.5 * found[0]


def test_the_ratio_of_other_channels_stays(planted):
    """One polarity of every class against the other."""
    by_class, compared = planted
    one, other = zip(*by_class["none"], strict=True)
    found = compared(list(one), list(other))
    assert all(abs(found[percent] - found[0]) < 0.03 for percent in PERCENTS[1:])
