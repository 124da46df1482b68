"""How weights are trained: where they begin, the optimizer, and its learning rate."""

import hashlib
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim import SGD, Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, OneCycleLR, StepLR

from scalestream.networks.weights import LINEAR, build, with_stream


@dataclass(frozen=True)
class Recipe:
    """SGD as in torchvision's reference: plain momentum, and weight decay on all parameters.

    schedule: "step", the learning rate times `step_factor` after every `step_epochs`; "cosine", down to zero; or "one_cycle"
    (Smith and Topin 2018), up from a 25th of it in the first 0.3 of the training, and down. The last two change it at every
    step. precision: of the maps, "fp32", or by autocast "fp16" or "bf16"; weights and their sums are of 32 bits.
    """

    seed: int
    epochs: int
    batch_size: int
    learning_rate: float
    momentum: float
    weight_decay: float
    schedule: str
    precision: str
    step_epochs: int | None = None
    step_factor: float | None = None

    @classmethod
    def from_settings(cls, settings: dict) -> "Recipe":
        """From configuration values by dotted key."""
        return cls(**{name: settings.get(f"training.{name}") for name in cls.__dataclass_fields__})

    def optimizer(self, network: nn.Module) -> SGD:
        """Of all of the network's parameters."""
        return SGD(network.parameters(), self.learning_rate, self.momentum, weight_decay=self.weight_decay)

    def scheduler(self, optimizer: Optimizer, steps: int) -> LRScheduler:
        """To be stepped after every step of the optimizer, of which an epoch has `steps`."""
        total = self.epochs * steps
        if self.schedule == "step":
            return StepLR(optimizer, self.step_epochs * steps, self.step_factor)
        if self.schedule == "cosine":
            return CosineAnnealingLR(optimizer, total)
        return OneCycleLR(optimizer, self.learning_rate, total, cycle_momentum=False)


@torch.no_grad()
def initial_network(name: str, seed: int, classes: int, stream: float = 1) -> nn.Module:
    """The named network as its training begins, with the given number of classes or, of a user's file, its own.

    Convolutions and linear layers are drawn as torchvision's ResNets have them (convolutions by He et al. 2015, from what they
    hand on; a linear layer evenly, within one over the root of its inputs), each from the seed and its own name: networks that
    have a layer of one name and shape begin with equal weights there, whatever else they have. All batch norms have gains of
    one, the last of a block too. Parameters of other modules are as they are built. stream: as for `with_stream`.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = with_stream(build(name, classes), stream)
    for place, module in network.named_modules():
        if isinstance(module, nn.Linear):
            within, generator = module.in_features**-0.5, _generator(seed, place)
            module.weight.uniform_(-within, within, generator=generator)
            if module.bias is not None:
                module.bias.uniform_(-within, within, generator=generator)
        elif isinstance(module, LINEAR):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu", generator=_generator(seed, place))
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, _BatchNorm):
            module.reset_parameters()
    return network


def _generator(seed: int, place: str) -> torch.Generator:
    digest = hashlib.sha256(f"{seed} {place}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big", signed=True))
