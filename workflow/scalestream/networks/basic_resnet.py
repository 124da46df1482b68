"""ResNets of basic blocks: torchvision's resnet18, and the small network that the project ships."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from scalestream.networks.interface import Block

if TYPE_CHECKING:
    import torch
    from torch import nn

RESOURCES = Path(__file__).parents[3] / "resources"
STAGES = range(1, 5)


@dataclass(frozen=True)
class BasicResNet:
    """torchvision's ResNet with the given blocks and channels of each stage; the stem has the first stage's channels."""

    name: str
    depths: tuple[int, int, int, int]
    widths: tuple[int, int, int, int]
    published_weights: tuple[str, ...] = ()
    shipped_weights: Mapping[str, Path] = field(default_factory=dict)

    def blocks(self) -> dict[str, Block]:
        """The first block is left out: the stem's max pooling, not a block, is its input."""
        known = {}
        for stage, depth, width in zip(STAGES, self.depths, self.widths):
            for index in range(depth):
                post = f"layer{stage}.{index}"
                if index > 0:
                    bypass = f"layer{stage}.{index - 1}"
                elif stage > 1:
                    bypass = f"{post}.downsample.1"
                else:
                    continue
                known[f"{stage}.{index}"] = Block(f"{stage}.{index}", bypass, f"{post}.bn2", post, width)
        return known

    def build(self, num_classes: int) -> "nn.Module":
        """torchvision's ResNet, with its stem and stages made anew in these widths."""
        from torch import nn
        from torchvision.models import ResNet
        from torchvision.models.resnet import BasicBlock

        network = ResNet(BasicBlock, list(self.depths), num_classes=num_classes)
        network.inplanes = self.widths[0]
        network.conv1 = nn.Conv2d(3, self.widths[0], kernel_size=7, stride=2, padding=3, bias=False)
        network.bn1 = nn.BatchNorm2d(self.widths[0])
        for stage, depth, width in zip(STAGES, self.depths, self.widths):
            stride = 1 if stage == 1 else 2
            setattr(network, f"layer{stage}", network._make_layer(BasicBlock, width, depth, stride=stride))
        network.fc = nn.Linear(self.widths[-1], num_classes)
        return network

    def classes(self, state: "dict[str, torch.Tensor]") -> int:
        """The length of the last layer's bias; ImageNet's 1,000 where there is none, so that loading says what is missing."""
        bias = state.get("fc.bias")
        return len(bias) if bias is not None and bias.ndim == 1 else 1000

    def fetch(self, weights: str) -> "dict[str, torch.Tensor]":
        """The state dict, from torch's cache or the network, checked."""
        return self._published(weights).get_state_dict(progress=False, check_hash=True)

    def published_digest(self, weights: str) -> str:
        """The digits that torchvision has in the file's name: resnet18-f37072fd.pth."""
        return Path(self._published(weights).url).stem.rpartition("-")[2]

    def sequence(self, network: "nn.Module") -> "list[tuple[str, nn.Module]]":
        """The stem, the blocks one by one, and the classifier."""
        from torch import nn

        stem = [(name, getattr(network, name)) for name in ("conv1", "bn1", "relu", "maxpool")]
        stages = [
            (f"layer{stage}.{index}", block)
            for stage in STAGES
            for index, block in enumerate(getattr(network, f"layer{stage}"))
        ]
        return [*stem, *stages, ("avgpool", network.avgpool), ("flatten", nn.Flatten(1)), ("fc", network.fc)]

    def _published(self, weights: str):
        from torchvision.models import get_model_weights

        return get_model_weights(self.name)[weights]


RESNET18 = BasicResNet("resnet18", (2, 2, 2, 2), (64, 128, 256, 512), published_weights=("IMAGENET1K_V1",))
SMALL = BasicResNet("small", (2, 2, 2, 2), (16, 24, 32, 48), shipped_weights={"embedded": RESOURCES / "small.safetensors"})
