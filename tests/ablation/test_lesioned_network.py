"""Lesions of the stream against plain forward passes, in which a hook makes Post of Pre and of what takes In's place."""

import pytest
import torch
from PIL import Image
from torchvision import transforms

from conftest import randomized
from scalestream.ablation.evaluation import Evaluation
from scalestream.ablation.lesioned_network import LesionedNetwork
from scalestream.errors import InputError
from scalestream.images.preprocessing import Resized
from scalestream.networks.architectures import description
from scalestream.networks.weights import with_stream
from scalestream.study import lesions

IMAGES = torch.randn(3, 3, 64, 64, generator=torch.Generator().manual_seed(1), dtype=torch.float64)

NETWORKS = {  # the modules whose outputs are Pre and Post
    ("small", "2.0"): ("layer2.0.bn2", "layer2.0"),
    ("small", "3.1"): ("layer3.1.bn2", "layer3.1"),
    ("small_zero_padded", "2.1"): ("layer2.1.bn2", "layer2.1"),
    ("small_zero_padded", "4.0"): ("layer4.0.bn2", "layer4.0"),
    ("resnet50", "3.1"): ("layer3.1.bn3", "layer3.1"),
    ("cornet_s", "V4.t0"): ("V4.t0.norm3", "V4.t0"),
    ("cornet_s", "V4.t2"): ("V4.t2.norm3", "V4.t2"),
}


def plain_logits(network, pre: str, post: str, value: torch.Tensor, images: torch.Tensor = IMAGES) -> torch.Tensor:
    """A pass of the whole network whose block returns ReLU(Pre + value); value: (C,)."""
    kept = []
    hooks = [
        network.get_submodule(pre).register_forward_hook(lambda _m, _i, output: kept.append(output.clone())),
        network.get_submodule(post).register_forward_hook(lambda _m, _i, _o: torch.relu(kept[0] + value[:, None, None])),
    ]
    logits = network(images)
    for hook in hooks:
        hook.remove()
    return logits


@pytest.mark.parametrize(
    ("name", "number"),
    [each if each[0].startswith("small") else pytest.param(*each, marks=pytest.mark.long) for each in NETWORKS],
)
def test_logits_are_those_of_a_plain_pass(name, number):
    network = randomized(name, 10).double()
    stream = 0.5 if name == "small_zero_padded" else 1
    with_stream(network, stream)
    block, (pre, post) = description(name).by_name[number], NETWORKS[name, number]
    means = torch.linspace(-1, 2, block.channels, dtype=torch.float64)
    lesioned = LesionedNetwork(network, block, lesions.values(["mean", "zero"], means))
    intact, mean, zero = lesioned.logits(IMAGES, [[], ["mean"], ["zero"]])
    expected = {"mean": plain_logits(network, pre, post, stream * means), "zero": plain_logits(network, pre, post, 0 * means)}
    largest = float(network(IMAGES).abs().max())
    for ours, plain in ((intact, network(IMAGES)), (mean, expected["mean"]), (zero, expected["zero"])):
        torch.testing.assert_close(ours, plain, rtol=0, atol=1e-10 * largest)
    assert (expected["mean"] - expected["zero"]).abs().max() > 1e-3 * largest
    assert (expected["zero"] - network(IMAGES)).abs().max() > 1e-3 * largest


def test_rows_count_the_answers_of_plain_passes_at_every_scale():
    """Images of the size of the crop at no scale, and magnified by torchvision's own transforms."""
    network = randomized("small", 12)
    block, means = description("small").by_name["2.1"], torch.linspace(0, 1, 24)
    pixels = torch.randint(0, 256, (7, 128, 128, 3), generator=torch.Generator().manual_seed(0), dtype=torch.uint8).numpy()

    def views(side: int) -> torch.Tensor:
        steps = [transforms.CenterCrop(side), transforms.Resize(112), transforms.ToTensor()]
        normalize = transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
        return torch.stack([transforms.Compose([*steps, normalize])(Image.fromarray(each)) for each in pixels])

    network.fc.bias -= network(views(112)).mean(dim=0)
    labels = network(views(112)).argmax(dim=1)
    resized = [Resized(Image.fromarray(each), (128, 128)) for each in pixels]
    evaluation = Evaluation(
        LesionedNetwork(network, block, lesions.values(["zero"], means)), [], resized, labels.tolist(), 112, "paper", 3, 1
    )
    rows = list(lesions.rows(evaluation.rows(lesions.conditions(["zero"]), [0, 50])))
    assert [(row["replacement"], row["scale_percent"]) for row in rows] == [
        ("intact", 0),
        ("intact", 50),
        ("zero", 0),
        ("zero", 50),
    ]
    for row in rows:
        inputs = views({0: 112, 50: 64}[row["scale_percent"]])
        plain = network(inputs)
        if row["replacement"] == "zero":
            plain = plain_logits(network, "layer2.1.bn2", "layer2.1", torch.zeros(24), inputs)
        assert row["n_correct"] == int((plain.argmax(dim=1) == labels).sum()) and row["n_images"] == 7
    assert rows[0]["relative_accuracy"] == 1 and rows[1]["relative_accuracy"] == rows[1]["accuracy"]


def test_accuracy_relative_to_none_at_no_scale_is_missing():
    answers = {("intact", 0): 4, ("intact", 50): 1, ("zero", 0): 0, ("zero", 50): 2}
    counted = [
        {"block": "2.1", "condition": name, "scale_percent": percent, "n_correct": count, "n_images": 8, "accuracy": count / 8}
        | {"correct": b"", "replacement": None, "trial": None}
        for (name, percent), count in answers.items()
    ]
    assert [(row["replacement"], row["relative_accuracy"]) for row in lesions.rows(counted)] == [
        ("intact", 1),
        ("intact", 0.25),
        ("zero", None),
        ("zero", None),
    ]


def test_output_that_is_not_finite_stops(small):
    lesioned = LesionedNetwork(small, description("small").by_name["2.1"], {"mean": torch.full((24,), float("nan"))})
    with pytest.raises(InputError, match="block 2.1: the network's output is not finite with mean in In's place"):
        list(lesioned.logits(torch.zeros(1, 3, 64, 64), [[], ["mean"]]))
