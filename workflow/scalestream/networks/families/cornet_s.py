"""CORnet-S, the recurrent network of Kubilius, Schrimpf et al. (NeurIPS 2019), unrolled in time.

Written from the paper's description, with the names of the published weights.
"""

import re
from collections import OrderedDict
from itertools import chain
from pathlib import Path

import torch
from torch import Tensor, nn

from scalestream.networks.interface import Preprocessing

CONVOLUTIONS = ("conv1", "conv2", "conv3")
PRETRAINED = "pretrained"
URL = "https://s3.amazonaws.com/cornet-models/cornet_s-1d3f7974.pth"  # the digits begin the file's sha256


class CornetSFamily:
    """CORnet-S with the weights that its authors publish."""

    def __init__(self, name: str):
        self.name = name

    def build(self, num_classes: int | None = None) -> nn.Module:
        """With freshly initialised weights; of ImageNet's 1,000 classes, if no other number is given."""
        return CORnetS(num_classes or 1000)

    def weights(self) -> dict[str, Preprocessing]:
        """The published ones, validated on images prepared as ImageNet's usually are."""
        return {PRETRAINED: Preprocessing()}

    def fetch(self, weights: str) -> dict:
        """The training's checkpoint, from torch's cache or the network, checked; raises OSError."""
        return torch.hub.load_state_dict_from_url(URL, map_location="cpu", progress=False, check_hash=True, weights_only=True)

    def published_digest(self, weights: str) -> str:
        """The digits in the published file's name."""
        return Path(URL).stem.rpartition("-")[2]


class CORnetS(nn.Module):
    """Images (batch, 3, height, width) to logits (batch, num_classes); every module is called once in a forward pass.

    `V4.t2` is the third step of area V4; the weights of its convolutions are those of `V4.t0`, the same Parameters. The state
    dict has the published names, with one entry for a shared weight, and only these are loaded.
    """

    def __init__(self, num_classes: int = 1000):
        super().__init__()
        self.V1 = nn.Sequential(
            OrderedDict(
                conv1=nn.Conv2d(3, 64, kernel_size=7, stride=2, padding=3, bias=False),
                norm1=nn.BatchNorm2d(64),
                relu1=nn.ReLU(),
                pool=nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
                conv2=nn.Conv2d(64, 64, kernel_size=3, padding=1, bias=False),
                norm2=nn.BatchNorm2d(64),
                relu2=nn.ReLU(),
            )
        )
        self.V2 = Area(64, 128, steps=2)
        self.V4 = Area(128, 256, steps=4)
        self.IT = Area(256, 512, steps=2)
        self.decoder = nn.Sequential(
            OrderedDict(avgpool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten(), linear=nn.Linear(512, num_classes))
        )
        self.register_state_dict_post_hook(_to_published_names)
        self.register_load_state_dict_pre_hook(_from_published_names)

    def forward(self, images: Tensor) -> Tensor:
        return self.decoder(self.IT(self.V4(self.V2(self.V1(images)))))


class Step(nn.Module):
    """A pass through an area's bottleneck, (batch, channels, height, width) to the same: ReLU(In + Pre).

    In is the step's input, Pre the output of norm3.
    """

    def __init__(self, channels: int, stride: int = 1):
        super().__init__()
        inner = 4 * channels
        self.conv1 = nn.Conv2d(channels, inner, kernel_size=1, bias=False)
        self.norm1 = nn.BatchNorm2d(inner)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(inner, inner, kernel_size=3, stride=stride, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(inner)
        self.relu2 = nn.ReLU()
        self.conv3 = nn.Conv2d(inner, channels, kernel_size=1, bias=False)
        self.norm3 = nn.BatchNorm2d(channels)
        self.relu3 = nn.ReLU()

    def forward(self, inputs: Tensor) -> Tensor:
        branch = self.relu1(self.norm1(self.conv1(inputs)))
        branch = self.relu2(self.norm2(self.conv2(branch)))
        branch = self.norm3(self.conv3(branch))
        return self.relu3(self.bypass(inputs) + branch)  # out of place: Pre is to be read

    def bypass(self, inputs: Tensor) -> Tensor:
        return inputs


class FirstStep(Step):
    """The step that halves height and width; In is the output of norm_skip."""

    def __init__(self, channels: int):
        super().__init__(channels, stride=2)
        self.skip = nn.Conv2d(channels, channels, kernel_size=1, stride=2, bias=False)
        self.norm_skip = nn.BatchNorm2d(channels)

    def bypass(self, inputs: Tensor) -> Tensor:
        return self.norm_skip(self.skip(inputs))


class Area(nn.Sequential):
    """conv_input, then the steps t0, t1, ..., which share their convolutions and have norms of their own."""

    def __init__(self, in_channels: int, channels: int, steps: int):
        later = {f"t{step}": Step(channels) for step in range(1, steps)}
        convolution = nn.Conv2d(in_channels, channels, kernel_size=1, bias=False)
        super().__init__(OrderedDict(conv_input=convolution, t0=FirstStep(channels), **later))
        _share_convolutions(self)
        self.register_load_state_dict_post_hook(_share_convolutions)  # assign=True gives each a Parameter of its own


def _share_convolutions(area: Area, _keys=None) -> None:
    _, first, *later = area
    for step in later:
        for name in CONVOLUTIONS:
            step.get_submodule(name).weight = first.get_submodule(name).weight


def published_name(name: str) -> str:
    """The published name of a tensor: V4.norm3_2.bias of V4.t2.norm3.bias, V4.conv3.weight of V4.t2.conv3.weight."""
    name = re.sub(r"\.t(\d+)\.(norm\d)\.", r".\2_\1.", name)
    return re.sub(r"\.t\d+\.", ".", name)


def _to_published_names(_network: CORnetS, state: dict[str, Tensor], prefix: str, _metadata) -> None:
    for name in [name for name in state if name.startswith(prefix)]:
        state[prefix + published_name(name.removeprefix(prefix))] = state.pop(name)


def _from_published_names(
    network: CORnetS,
    state: dict[str, Tensor],
    prefix: str,
    _metadata,
    _strict,
    missing: list[str],
    unexpected: list[str],
    _errors,
) -> None:
    """What is missing is put among the rest as it is, so that torch does not report it too, by its other name."""
    own = network.state_dict(prefix=prefix)
    missing += [name for name in own if name not in state]
    unexpected += [name for name in state if name not in own]
    entries = own | state
    state.clear()
    for name, _ in chain(network.named_parameters(remove_duplicate=False), network.named_buffers()):
        state[prefix + name] = entries[prefix + published_name(name)]
