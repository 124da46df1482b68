"""The training loop."""

import time
from collections.abc import Callable, Iterable

import torch
from accelerate import Accelerator
from accelerate.optimizer import AcceleratedOptimizer
from torch import nn
from torch.nn.functional import cross_entropy
from torch.optim.lr_scheduler import LRScheduler

from scalestream.errors import InputError
from scalestream.images.preprocessing import Normalization, network_input
from scalestream.networks.device import device
from scalestream.run.checkpoint import Checkpoint
from scalestream.training.recipe import Recipe

Batches = Iterable[tuple[torch.Tensor, torch.Tensor]]  # 8-bit images (N, 3, S, S) and class indices (N,)


def train(
    network: nn.Module,
    steps: int,
    batches: Callable[[int, int], Batches],
    validation: Callable[[], Batches],
    recipe: Recipe,
    normalization: Normalization,
    checkpoint: Checkpoint,
) -> list[dict]:
    """Train the network in place, on the device that there is; returns a row an epoch, as in the table EPOCHS.

    steps: of an epoch. batches: number of the epoch and of its first step -> batches from there on. Goes on from what the
    checkpoint has, on a CPU to the same weights bit for bit. Raises InputError where the loss is not finite.
    """
    accelerator = _accelerator(recipe.precision)
    torch.manual_seed(recipe.seed)  # for what the network draws itself, as dropout
    network.requires_grad_(True).to(memory_format=torch.channels_last)
    network, optimizer = accelerator.prepare(network, recipe.optimizer(network))
    state = _State(accelerator, network, optimizer, recipe.scheduler(optimizer.optimizer, steps))
    state.restore(checkpoint.get("training"))
    while state.epoch < recipe.epochs:
        network.train()
        for images, labels in batches(state.epoch, state.step):
            labels = labels.to(accelerator.device)
            logits = network(network_input(images, accelerator.device, normalization))
            loss = cross_entropy(logits, labels)
            optimizer.zero_grad()
            accelerator.backward(loss)
            optimizer.step()
            state.end_step(loss, logits.argmax(1) == labels)
            checkpoint.keep("training", state.kept)
        if not torch.isfinite(state.sums).all():
            raise InputError(f"the loss is not finite in epoch {state.epoch + 1}; make training.learning_rate smaller")
        rate = recipe.batch_size * steps / state.seconds
        state.end_epoch(validation_accuracy=accuracy(network, validation(), normalization), images_per_second=rate)
    return state.rows


@torch.no_grad()
def accuracy(network: nn.Module, batches: Batches, normalization: Normalization) -> float:
    """Top-1 accuracy of the network in eval mode, in 0 to 1."""
    network.eval()
    correct = count = 0
    for images, labels in batches:
        logits = network(network_input(images, device(), normalization))
        correct += (logits.argmax(1).cpu() == labels).sum().item()
        count += len(labels)
    return correct / count


def _accelerator(precision: str) -> Accelerator:
    on_cpu = device().type == "cpu"
    if precision == "fp16" and on_cpu:
        raise InputError("training.precision: fp16 needs a GPU; use bf16 or fp32")
    return Accelerator(cpu=on_cpu, mixed_precision="no" if precision == "fp32" else precision)


class _State:
    """How far a training is: all that it needs to go on, and its rows so far."""

    def __init__(self, accelerator: Accelerator, network: nn.Module, optimizer: AcceleratedOptimizer, scheduler: LRScheduler):
        self.device, self.scheduler = accelerator.device, scheduler
        self.parts = {"network": network, "optimizer": optimizer, "scheduler": scheduler}
        if accelerator.scaler is not None:
            self.parts["scaler"] = accelerator.scaler
        self.epoch, self.rows = 0, []
        self._begin_epoch()

    def _begin_epoch(self) -> None:
        (self.learning_rate,) = self.scheduler.get_last_lr()
        self.step, self.begun = 0, time.monotonic()
        self.sums = torch.zeros(2, dtype=torch.float64, device=self.device)  # of the steps' mean losses and accuracies

    @property
    def seconds(self) -> float:
        """Since the epoch began, of tries that were killed up to their last checkpoint."""
        return time.monotonic() - self.begun

    def end_step(self, loss: torch.Tensor, correct: torch.Tensor) -> None:
        """The loss, and whether each image was answered correctly (N,)."""
        self.scheduler.step()
        self.sums += torch.stack([loss.detach().double(), correct.double().mean()])
        self.step += 1

    def end_epoch(self, **measured: float) -> None:
        loss, accuracy = (self.sums / self.step).tolist()
        row = {"epoch": self.epoch + 1, "learning_rate": self.learning_rate, "loss": loss, "accuracy": accuracy}
        self.rows.append(row | measured)
        self.epoch += 1
        self._begin_epoch()

    def kept(self) -> dict:
        """As a checkpoint has it."""
        at = {name: getattr(self, name) for name in ("epoch", "step", "sums", "seconds", "learning_rate", "rows")}
        states = {name: part.state_dict() for name, part in self.parts.items()}
        return {"at": at, "states": states, "random": [rng.get_rng_state() for rng in self._generators()]}

    def restore(self, kept: dict | None) -> None:
        """Go on from there, if there is something."""
        if kept is None:
            return
        at = kept["at"]
        self.begun = time.monotonic() - at.pop("seconds")
        for name, value in at.items():
            setattr(self, name, value)
        for name, state in kept["states"].items():
            self.parts[name].load_state_dict(state)
        for rng, state in zip(self._generators(), kept["random"]):
            rng.set_rng_state(state)

    def _generators(self) -> list:
        """What has torch's random state, of each kind of device."""
        return [torch.random, torch.cuda] if self.device.type == "cuda" else [torch.random]
