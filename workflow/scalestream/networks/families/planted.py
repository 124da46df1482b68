"""A network in which chosen channels of block 1.1 are scale invariant by construction, and others are not.

In is a Gabor function of the image, made by the stem. Pre is made from the blurred image, which the stem keeps in channels of
its own: the same function at twice the size, or what else the channel's kind asks for (`planting`). The residual branches of
all later blocks are zero, and the classifier adds the channels of a class.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.nn.functional import avg_pool2d, max_pool2d

from scalestream.activations.center import center
from scalestream.errors import InputError
from scalestream.images.preprocessing import normalize
from scalestream.networks.interface import PLANTED, Preprocessing
from scalestream.networks.planting import (
    AXES,
    CLASSES,
    FEATURES,
    FIRST,
    KINDS,
    Feature,
    colour,
    generator,
    mixing,
    planted_kinds,
)
from scalestream.vision import BasicBlock, ResNet

WIDTH = 40
COARSE = FIRST + len(FEATURES)  # first of the channels with the image blurred further, for two_octaves
MIXED = slice(FIRST, COARSE)  # the channels of features
SMALL = COARSE + FIRST  # first of the channels with small features, for reversed

PIXELS = np.arange(-3, 4)  # of the stem's filters
CELL = 4  # pixels between neighbours behind the stem
CELLS = CELL * np.arange(-1, 2)
BLUR = 2.0  # pixels, standard deviation
BINOMIAL = np.outer([1, 2, 1], [1, 2, 1]) / 16
WAVELENGTH, SPREAD = 5.5, 2.0  # pixels, of the Gabor function of In: wavelength, and standard deviation of its envelope
OWN_SHARE = {0: 0.05, 45: 0.12}  # of In in Pre of half_octave, by orientation along or across the pixels; found by trial

SIDE = 48  # pixels that hold what Pre's center neuron sees
STEPS = 24  # of a calibration
IN, PRE = 0, 1  # of the maps of block 1.1


class PlantedResNet:
    """torchvision's ResNet with two basic blocks of 40 channels in each stage."""

    def __init__(self, name: str):
        self.name = name

    def build(self, num_classes: int | None = None) -> nn.Module:
        """torchvision's ResNet, its stem and stages made anew; of the classes of features, if no other number is given."""
        network = ResNet(BasicBlock, [2, 2, 2, 2])
        network.inplanes = WIDTH
        network.conv1 = nn.Conv2d(3, WIDTH, kernel_size=7, stride=2, padding=3, bias=False)
        network.bn1 = nn.BatchNorm2d(WIDTH)
        for stage in range(1, 5):
            setattr(network, f"layer{stage}", network._make_layer(BasicBlock, WIDTH, 2, stride=1 if stage == 1 else 2))
        network.fc = nn.Linear(WIDTH, num_classes or len(CLASSES))
        return network

    def weights(self) -> dict[str, Preprocessing]:
        """Those that are planted, with any seed in place of SEED."""
        return {f"{PLANTED}SEED": Preprocessing(resize=128, crop=112)}

    def fetch(self, weights: str) -> dict[str, torch.Tensor]:
        """Raises InputError: what is planted depends on the kinds, too."""
        raise InputError(f"model.weights: {weights} has no seed; give planted: and a whole number, as planted:0")

    def published_digest(self, weights: str) -> None:
        """None: it is published nowhere."""

    def plant(self, seed: int, kinds: dict[str, int], noise: float, superposition: bool) -> nn.Module:
        """The planted network, frozen, in eval mode; arguments as for `planted_network`."""
        return planted_network(seed, kinds, noise, superposition)


@torch.no_grad()
def planted_network(seed: int, kinds: dict[str, int], noise: float = 0, superposition: bool = False) -> nn.Module:
    """The network with what is planted, from the arguments alone, frozen, in eval mode.

    kinds: how many channels are of which kind, as for `planted_kinds`. noise: norm of the Gaussian noise that is added to every
    filter of a convolution, relative to the filter's. superposition: whether the channels of features are mixed in block 1.1,
    as `_superpose` says; `superposition_faults` tells with what it does not go.
    """
    network = PlantedResNet("planted").build().eval().requires_grad_(False)
    _clear(network)
    _fill_stem(network)
    for channel, kind in planted_kinds(kinds, seed).items():
        _fill_branch(network, channel, kind, generator(seed, f"filter {channel}"))
    for stage in range(2, 5):
        _fill(network.get_submodule(f"layer{stage}.0.downsample.0").weight, np.eye(WIDTH)[:, :, None, None])
    _add_noise(network, noise, generator(seed, "noise"))
    _calibrate(network, planted_kinds(kinds, seed))
    if superposition:
        _superpose(network, mixing(seed))
    return network


def gabor(places: np.ndarray, wavelength: float, orientation: float, spread: float) -> np.ndarray:
    """A Gabor function at places (n,) in pixels from its middle, down and across: (n, n), of sum 0 and norm 1.

    wavelength, spread (standard deviation of the envelope): pixels. orientation: degrees.
    """
    down, across = np.meshgrid(places, places, indexing="ij")
    along = across * np.cos(np.radians(orientation)) + down * np.sin(np.radians(orientation))
    envelope = gaussian(places, spread)
    function = envelope * np.cos(2 * np.pi * along / wavelength)
    function -= envelope * function.sum()
    return function / np.linalg.norm(function)


def gaussian(places: np.ndarray, spread: float) -> np.ndarray:
    """A Gaussian at places (n,) in pixels from its middle, down and across: (n, n), of sum 1."""
    profile = np.exp(-(places**2) / (2 * spread**2))
    return np.outer(profile, profile) / profile.sum() ** 2


def _clear(network: nn.Module) -> None:
    """Makes every convolution and the classifier zero, and every batch norm the identity."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.weight.zero_()
        if isinstance(module, nn.Linear):
            module.bias.zero_()
        if isinstance(module, nn.BatchNorm2d):
            module.weight.fill_(_one(module))


def _one(norm: nn.BatchNorm2d) -> float:
    """The weight with which a batch norm of variance 1 is the identity."""
    return (1 + norm.eps) ** 0.5


def _fill(weight: torch.Tensor, values: np.ndarray) -> None:
    weight.copy_(torch.from_numpy(np.asarray(values, dtype=np.float32)))


def _fill_stem(network: nn.Module) -> None:
    """The blurred image and the features, and the classifier of the features.

    Behind the ReLU the two signs of a colour axis carry the image in full.
    """
    for number, axis in enumerate(AXES):
        for sign in (0, 1):
            _fill(network.conv1.weight[2 * number + sign], (1 - 2 * sign) * _in_colour(axis, gaussian(PIXELS, BLUR)))
    for channel, feature in FEATURES.items():
        _fill(network.conv1.weight[channel], _stem_filter(feature))
        network.fc.weight[CLASSES.index(feature.label), channel] = 1


def _in_colour(axis: str, function: np.ndarray) -> np.ndarray:
    return colour(axis)[:, None, None] * function


def _stem_filter(feature: Feature, size: float = 1) -> np.ndarray:
    function = gabor(PIXELS, size * WAVELENGTH, feature.orientation, size * SPREAD)
    return feature.polarity * _in_colour(feature.axis, function)


def _branch_filter(feature: Feature, size: float, orientation: int = 0, axis: int = 0, first: int = 0) -> np.ndarray:
    """A Gabor function of the blurred image whose channels begin at `first`: (WIDTH, 3, 3).

    size: in units of In's. orientation, axis: how many degrees and axes it is away from the feature's.
    """
    function = feature.polarity * gabor(CELLS, size * WAVELENGTH, feature.orientation + orientation, size * SPREAD)
    number = (AXES.index(feature.axis) + axis) % len(AXES)
    return _of_blurred({number: function}, first)


def _of_blurred(functions: dict[int, np.ndarray], first: int = 0) -> np.ndarray:
    weight = np.zeros((WIDTH, *BINOMIAL.shape))
    for number, function in functions.items():
        weight[first + 2 * number], weight[first + 2 * number + 1] = function, -function
    return weight


def _fill_branch(network: nn.Module, channel: int, kind: str, rng: np.random.Generator) -> None:
    """What the branch of block 1.1 adds to a channel."""
    feature, (before, block) = FEATURES[channel], network.layer1
    if kind == "same":
        _copy(block, channel, channel)
    elif kind == "reversed":
        _swap(network, channel)
    elif kind != "none":
        if kind == "half_octave":
            _fill(network.conv1.weight[channel], _stem_filter(feature, 2**0.5))
        if kind == "two_octaves":
            _blur_further(before)
        _fill(block.conv1.weight[channel], _filter(channel, kind, rng))
        _pool(block, channel)


def _filter(channel: int, kind: str, rng: np.random.Generator) -> np.ndarray:
    """The filter of a kind's feature at Pre: (WIDTH, 3, 3)."""
    feature = FEATURES[channel]
    if kind == "turned":
        return _branch_filter(feature, 2, orientation=90)
    if kind == "other_colour":
        return _branch_filter(feature, 2, axis=1)
    if kind == "two_octaves":
        return _branch_filter(feature, 4, first=COARSE)
    if kind == "random":
        functions = rng.standard_normal((len(AXES), *BINOMIAL.shape))
        return _of_blurred(dict(enumerate(functions - functions.mean(axis=(1, 2), keepdims=True))))
    weight = _branch_filter(feature, 2)
    if kind == "half_octave":  # made of In, half an octave below, and of what is half an octave above
        weight[channel, 1, 1] = OWN_SHARE[feature.orientation % 90]
    return weight


def _pool(block: nn.Module, channel: int) -> None:
    """Has a block's second convolution pool the position of a channel, as the stem does for In."""
    _fill(block.conv2.weight[channel, channel], BINOMIAL)


def _copy(block: nn.Module, channel: int, source: int) -> None:
    """Has a block's branch add a copy of the source to a channel."""
    block.conv1.weight[channel, source, 1, 1] = 1
    block.conv2.weight[channel, channel, 1, 1] = 1


def _blur_further(block: nn.Module) -> None:
    """Has a block add the image, blurred further, in channels of its own."""
    for number in range(FIRST):
        _fill(block.conv1.weight[COARSE + number, number], BINOMIAL)
        _pool(block, COARSE + number)


def _swap(network: nn.Module, channel: int) -> None:
    """Moves a channel's feature to a free channel, that Pre copies, and has the block before make the larger one for In."""
    before, block = network.layer1
    free = next(number for number in range(SMALL, WIDTH) if not network.conv1.weight[number].any())
    network.conv1.weight[free] = network.conv1.weight[channel]
    network.conv1.weight[channel] = 0
    _fill(before.conv1.weight[channel], _branch_filter(FEATURES[channel], 2))
    _pool(before, channel)
    _copy(block, channel, free)


def _add_noise(network: nn.Module, noise: float, rng: np.random.Generator) -> None:
    """Noise of sum zero in every window, as the features' filters: else a plain image would silence half of the channels."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            drawn = torch.from_numpy(rng.standard_normal(module.weight.shape, dtype=np.float32))
            if drawn[0, 0].numel() > 1:
                drawn -= drawn.mean(dim=(2, 3), keepdim=True)
            norms = [torch.linalg.vector_norm(weight, dim=(1, 2, 3), keepdim=True) for weight in (module.weight, drawn)]
            module.weight.add_(noise * drawn * norms[0] / norms[1])


def _calibrate(network: nn.Module, kinds: dict[int, str]) -> None:
    """Gives the branch of each channel the gain that its kind asks for: so much of In's highest response is Pre's."""
    before, block = network.layer1
    large = [channel for channel, kind in kinds.items() if kind == "reversed"]
    small = range(SMALL, SMALL + len(large))
    _scale(before.bn2, large, _ratios(_peaks(network, IN, small), _peaks(network, IN, large)))
    channels = list(kinds)
    ratios = _ratios(_peaks(network, IN, channels), _peaks(network, PRE, channels))
    _scale(block.bn2, channels, [KINDS[kinds[channel]].gain * ratio for channel, ratio in zip(channels, ratios)])


def _superpose(network: nn.Module, mixed: np.ndarray) -> None:
    """Turns the channels of features in block 1.1, and turns them back in the next layer, so that the network's output stays.

    In and Pre become `mixed` In + offset and `mixed` Pre: directions of the stream hold the features, and no channel does. A
    rotation does not commute with the ReLU behind either sum. Here the ReLU before In is passed first, and the offset keeps all
    that is turned above zero, so that the ReLUs that follow leave it as it is; that of Post is made up for by the next block's,
    once it is turned back: block 2.0 has no branch. The channels of the blurred image stay as they are, which alone are read
    with more than the middle of a filter: zeros beyond the border would be no zeros, once turned back.
    """
    (before, block), after = network.layer1, network.layer2[0].downsample
    turn = torch.from_numpy(mixed.astype(np.float32))
    offset = turn.abs() @ _reach(network)[MIXED]
    before.conv1.weight[MIXED, MIXED, 1, 1] = torch.eye(len(turn))
    before.conv2.weight[MIXED, MIXED, 1, 1] = turn - torch.eye(len(turn))
    before.bn2.bias[MIXED] = offset
    turned_back = block.conv1.weight[:, MIXED, 1, 1] @ turn.T
    block.conv1.weight[:, MIXED, 1, 1] = turned_back
    block.bn1.bias -= turned_back @ offset
    gained = block.conv2.weight[MIXED] * (block.bn2.weight[MIXED] / _one(block.bn2))[:, None, None, None]
    block.conv2.weight[MIXED] = torch.tensordot(turn, gained, dims=1)
    block.bn2.weight[MIXED] = _one(block.bn2)
    after[0].weight[MIXED, MIXED, 0, 0] = turn.T
    after[1].bias[MIXED] = -turn.T @ offset


def _reach(network: nn.Module) -> torch.Tensor:
    """(WIDTH,): what neither In nor In and Pre together exceed, up or down, for any image within 0 and 1."""
    before, block = network.layer1
    pixels = normalize(torch.tensor([0.0, 1.0])[:, None, None, None].expand(2, 3, 1, 1)).abs().amax(dim=(0, 2, 3))
    of_in = _largest(network.conv1, pixels)
    of_in += _largest(before.conv2, _largest(before.conv1, of_in)) * before.bn2.weight.abs()
    return of_in + _largest(block.conv2, _largest(block.conv1, of_in)) * block.bn2.weight.abs()


def _largest(convolution: nn.Conv2d, inputs: torch.Tensor) -> torch.Tensor:
    """What a convolution's outputs do not exceed, given what its inputs do not."""
    return convolution.weight.abs().sum(dim=(2, 3)) @ inputs


def _ratios(numerators: list[float], denominators: list[float]) -> list[float]:
    """One for a channel without a branch."""
    return [above / below if below > 0 else 1 for above, below in zip(numerators, denominators, strict=True)]


def _scale(norm: nn.BatchNorm2d, channels: list[int], factors: list[float]) -> None:
    norm.weight[channels] *= torch.tensor(factors)


def _peaks(network: nn.Module, layer: int, channels: Sequence[int]) -> list[float]:
    """The highest response of each channel's center neuron at In or Pre that an image within 0 and 1 is found to give.

    The image climbs by the signs of its gradient, in ever smaller steps, from noise beside the linear network's gradient.
    """
    ours = (list(range(len(channels))), list(channels))
    images = torch.full((len(channels), 3, SIDE, SIDE), 0.5)
    noise = torch.from_numpy(generator(0, "start").standard_normal(images.shape, dtype=np.float32))
    images = (images + 0.1 * _gradient(network, images, layer, ours, linear=True)[1].sign() + 0.25 * noise).clamp(0, 1)
    best = torch.full((len(channels),), -torch.inf)
    for step in range(STEPS):
        responses, gradient = _gradient(network, images, layer, ours)
        best = best.maximum(responses)
        images = (images + 0.2 * (1 - step / STEPS) * gradient.sign()).clamp(0, 1)
    return best.tolist()


@torch.enable_grad()
def _gradient(network: nn.Module, images: torch.Tensor, layer: int, ours: tuple, linear: bool = False):
    images = images.requires_grad_()
    responses = center(_in_and_pre(network, images, linear)[layer])[ours]
    return responses.detach(), torch.autograd.grad(responses.sum(), images)[0]


def _in_and_pre(network: nn.Module, images: torch.Tensor, linear: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """The maps of block 1.1; linear: with every ReLU an identity, and averages for maxima."""
    rectified, pooled = (nn.Identity(), avg_pool2d) if linear else (torch.relu, max_pool2d)
    maps = pooled(rectified(network.bn1(network.conv1(normalize(images)))), 3, stride=2, padding=1)
    for block in network.layer1:
        pre = block.bn2(block.conv2(rectified(block.bn1(block.conv1(maps)))))
        before, maps = maps, rectified(maps + pre)
    return before, pre
