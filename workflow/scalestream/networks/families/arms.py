"""The small network and resnet18 without a stream, and with one that has no parameters: a fair pair.

Both arms have the same parameters, by name and shape, and a seed gives both the same ones. They are the "plain" networks and
those with shortcuts of option A of He et al. (2016). The third arm, option B with a projection where a stage begins, is the
network that they are named after.
"""

import torch
from torch import Tensor, nn

from scalestream.networks.families import small
from scalestream.networks.interface import RANDOM, STREAM, Preprocessing
from scalestream.vision import BasicBlock, ResNet

RESNET18 = (2, 2, 2, 2)  # blocks by stage


class PlainBlock(BasicBlock):
    """Post = ReLU(Pre)."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.downsample = None

    def forward(self, maps: Tensor) -> Tensor:
        return self.relu(branch(self, maps))


class ZeroPaddedBlock(BasicBlock):
    """Post = ReLU(Pre + stream In), In being the block's input; where a stage begins, every second row and column of it, with
    channels of zeros after its own.

    stream: a number that the state dict holds, fixed in training.
    """

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        if self.downsample is not None:
            padding = self.conv1.out_channels - self.conv1.in_channels
            self.downsample = nn.Sequential(nn.AvgPool2d(1, self.stride), nn.ZeroPad3d((0, 0, 0, 0, 0, padding)))
        self.register_buffer(STREAM, torch.ones(()))

    def forward(self, maps: Tensor) -> Tensor:
        bypass = maps if self.downsample is None else self.downsample(maps)
        return self.relu(branch(self, maps) + bypass * self.stream)


def branch(block: BasicBlock, maps: Tensor) -> Tensor:
    """Pre."""
    return block.bn2(block.conv2(block.relu(block.bn1(block.conv1(maps)))))


class Arm:
    """One that its subclass has the blocks of."""

    block: type[BasicBlock]

    def __init__(self, name: str):
        self.name = name
        self.is_small = name.startswith("small")

    def build(self, num_classes: int | None = None) -> nn.Module:
        """With freshly initialised weights, no gain of a batch norm at zero; of the drawn images' classes, or ImageNet's."""
        if self.is_small:
            return small.small_resnet(small.SIZES["small"], self.block, num_classes)
        return ResNet(self.block, list(RESNET18), num_classes=num_classes or 1000)

    def weights(self) -> dict[str, Preprocessing]:
        """None is published; what images any are made for, with a seed in place of SEED."""
        return {f"{RANDOM}SEED": small.EXPECTED if self.is_small else Preprocessing()}

    def fetch(self, weights: str) -> dict[str, Tensor]:
        """Raises OSError: there is nothing to fetch."""
        raise OSError("they are published nowhere")

    def published_digest(self, weights: str) -> None:
        """None: it is published nowhere."""


class Plain(Arm):
    """small_plain, resnet18_plain."""

    block = PlainBlock

    def streamless_blocks(self) -> list[tuple[str, str, str]]:
        """In, Pre and Post of the second block of each stage, in which all three have as many channels."""
        return [(f"layer{stage}.0", f"layer{stage}.1.bn2", f"layer{stage}.1") for stage in small.STAGES]


class ZeroPadded(Arm):
    """small_zero_padded, resnet18_zero_padded."""

    block = ZeroPaddedBlock
