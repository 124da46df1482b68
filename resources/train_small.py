"""Train the small network on images drawn by scalestream.images.demo and write its weights.

It sees the smaller scales alone (TRAINED_SCALES of demo.py) and is then tested at all, so that it is not right about every
image, and less so the more an image is magnified. Run from the repository root, about three minutes on one idle CPU core:

    PYTHONPATH=workflow python resources/train_small.py

With the locked packages, on one kind of processor, the weights are equal bit for bit; elsewhere rounding makes them others.
"""

import argparse
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torchvision.transforms.v2 import functional as transforms

from scalestream.images.demo import (
    ALL_SCALES,
    CLASSES,
    LARGER_SCALES,
    TRAINED_SCALES,
    TRAINING,
    VALIDATION,
    draw,
    generator,
)
from scalestream.images.preprocessing import network_input, scale_crop
from scalestream.networks.weights import build

SIDE, INPUT = 128, 112  # pixels: the drawn image, the network's input
BATCH = 64
TESTED = {"all scales": ALL_SCALES, "inside the trained ones": TRAINED_SCALES, "larger": LARGER_SCALES}
CPU = torch.device("cpu")


def draw_images(stream: int, seed: int, per_class: int, scales: tuple[float, float]) -> tuple[Tensor, Tensor]:
    """Images (classes * per_class, 3, SIDE, SIDE) uint8 of a part of the scales, and their labels, class by class."""
    images = [
        torch.from_numpy(draw(label, generator(stream, seed, label, number), SIDE, scales)).permute(2, 0, 1)
        for label in range(len(CLASSES))
        for number in range(per_class)
    ]
    return torch.stack(images), torch.arange(len(CLASSES)).repeat_interleave(per_class)


def augment(images: Tensor) -> Tensor:
    """One random crop to INPUT pixels and one random mirroring, shared by the batch."""
    top, left = torch.randint(SIDE - INPUT + 1, (2,)).tolist()
    crop = transforms.crop(images, top, left, INPUT, INPUT)
    return transforms.horizontal_flip(crop) if torch.rand(()) < 0.5 else crop


def train(network: nn.Module, images: Tensor, labels: Tensor, epochs: int) -> None:
    """Fit the network in place: SGD with momentum under a one-cycle learning rate."""
    network.train().to(memory_format=torch.channels_last)
    optimiser = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)
    steps = len(images) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=0.1, epochs=epochs, steps_per_epoch=steps)
    for epoch in range(epochs):
        total = 0.0
        for batch in torch.randperm(len(images))[: steps * BATCH].split(BATCH):
            logits = network(network_input(augment(images[batch]), CPU))
            loss = nn.functional.cross_entropy(logits, labels[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch + 1:2d}: training loss {total / steps:.4f}", flush=True)


@torch.no_grad()
def top1(network: nn.Module, images: Tensor, labels: Tensor, percent: int) -> float:
    """Top-1 accuracy in percent at one scale of the ablation experiment; 0 is the no-scale condition."""
    crop = scale_crop(percent, SIDE, INPUT)
    crops = transforms.resize(transforms.center_crop(images, [crop]), [INPUT], antialias=True)
    predicted = torch.cat([network.eval()(network_input(batch, CPU)).argmax(1) for batch in crops.split(BATCH)])
    return 100 * (predicted == labels).float().mean().item()


def main() -> None:
    """Draw, train, report and save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=Path("resources/small.safetensors"))
    parser.add_argument("--per-class", type=int, default=800, help="training images of each class")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    torch.set_num_threads(1)  # sums in another order would make other weights
    torch.manual_seed(arguments.seed)
    network = build("small", len(CLASSES))
    train(network, *draw_images(TRAINING, arguments.seed, arguments.per_class, TRAINED_SCALES), arguments.epochs)

    curves = {}
    for name, scales in TESTED.items():
        images, labels = draw_images(VALIDATION, arguments.seed, 200, scales)
        curves[name] = [top1(network, images, labels, percent) for percent in range(0, 60, 10)]
        print(f"top-1 at 0, 10, ... 50 %, {name}:", *(f"{accuracy:.2f}" for accuracy in curves[name]), flush=True)

    weights = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    metadata = {"classes": " ".join(CLASSES), "seed": str(arguments.seed), "top1": f"{curves['all scales'][0]:.2f}"}
    save_file(weights, arguments.output, metadata)


if __name__ == "__main__":
    main()
