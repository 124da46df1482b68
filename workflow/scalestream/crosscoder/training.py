"""The training of a crosscoder, and how well it explains held-out samples."""

import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from scalestream.crosscoder.dictionary import Crosscoder
from scalestream.crosscoder.samples import Samples
from scalestream.errors import InputError
from scalestream.measures.agreement import known
from scalestream.networks.device import device
from scalestream.run.checkpoint import Checkpoint

DEAD = 64  # batches in a row without a code, after which a latent is taught what the others leave over
AUXILIARY = 1 / 32  # weight of that (Gao et al. 2024)
EVALUATIONS = 20  # in the course of a training
DENSE = 0.1  # of the samples, above which a latent that fires is dense


@dataclass(frozen=True)
class Plan:
    """steps: of Adam. seed: of the first dictionary and the order of the samples. The others as for `Crosscoder`."""

    width: int
    k: int
    seed: int
    steps: int
    batch_size: int
    learning_rate: float
    encoder: str = "all"


def train(
    samples: Samples,
    plan: Plan,
    checkpoint: Checkpoint,
    watch: Callable[..., Iterable[int]] = lambda steps, **_: steps,
) -> tuple[Crosscoder, list[dict]]:
    """A crosscoder of the training samples, and rows of the table of training.

    Goes on from what the checkpoint has, on a CPU to the same bits. watch: wraps the steps, and takes the number of those done
    before and a function that says how it goes. Raises InputError where the samples fill no batch, or the loss is not finite.
    """
    if len(samples.training) < plan.batch_size:
        raise InputError(
            f"crosscoder.batch_size: {len(samples.training)} samples to train on do not fill a batch of {plan.batch_size}; "
            "make it smaller, or give more images or crosscoder.crops"
        )
    mean, rms = samples.statistics()
    if (rms == 1).all():
        raise InputError("crosscoder.blocks: In and Pre of this block never vary; leave it out")
    crosscoder = Crosscoder(mean, rms, plan.width, plan.k, plan.encoder, plan.seed).to(device())
    optimizer = torch.optim.Adam(crosscoder.parameters(), plan.learning_rate)
    silent, rows, first = torch.zeros(plan.width, device=device()), [], 0
    if kept := checkpoint.get("training"):
        crosscoder.load_state_dict(kept["crosscoder"])
        optimizer.load_state_dict(kept["optimizer"])
        silent, rows, first = kept["silent"].to(device()), kept["rows"], kept["step"]

    def state() -> dict:
        parts = {"crosscoder": crosscoder.state_dict(), "optimizer": optimizer.state_dict()}
        return parts | {"silent": silent, "rows": rows, "step": step}

    def note() -> str:
        return f"explained variance {rows[-1]['explained']:.3f}" if rows else ""

    every = max(1, plan.steps // EVALUATIONS)
    for step in watch(range(first + 1, plan.steps + 1), before=first, note=note):
        batch = samples.take(_batch(samples.training, plan, step - 1)).to(device())
        error, auxiliary = losses(crosscoder, crosscoder.scaled(batch), silent)
        optimizer.zero_grad()
        (error + AUXILIARY * auxiliary).backward()
        optimizer.step()
        crosscoder.normalize()
        if step % every == 0 or step == plan.steps:
            if not error.isfinite():
                raise InputError(f"the loss is not finite at step {step}; make crosscoder.learning_rate smaller")
            rows.append({"step": step, "loss": error.item()} | evaluate(crosscoder, samples))
        checkpoint.keep("training", state)
    return crosscoder.requires_grad_(False).cpu(), rows


def losses(crosscoder: Crosscoder, batch: torch.Tensor, silent: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The squared error of scaled samples, summed over sites, magnifications and channels and averaged over the batch; and that
    with which dead latents alone, of a sample the ones with the largest candidates, make what the others leave over.

    silent: (width,), for how many batches in a row each latent has had no code; brought up to date in place.
    """
    candidates = crosscoder.candidates(batch)
    codes = crosscoder.chosen(candidates)
    left = batch - crosscoder.decode(codes)
    silent.copy_(torch.where((codes > 0).any(dim=0), 0, silent + 1))
    return left.square().sum(dim=(1, 2, 3)).mean(), _auxiliary(crosscoder, candidates, left.detach(), silent > DEAD)


def _auxiliary(crosscoder: Crosscoder, candidates: torch.Tensor, left: torch.Tensor, dead: torch.Tensor) -> torch.Tensor:
    if not dead.any():
        return torch.zeros((), device=left.device)
    of_dead = candidates[:, dead]
    most = min(of_dead.shape[1], left[0].numel() // 2)
    values, places = of_dead.topk(most, dim=1)
    codes = torch.zeros_like(of_dead).scatter(1, places, values)
    made = torch.tensordot(codes, crosscoder.decoder[dead], dims=1)
    return (left - made).square().sum(dim=(1, 2, 3)).mean()


def _batch(training: np.ndarray, plan: Plan, step: int) -> np.ndarray:
    """The numbers of a step's samples: of seed and step alone. What fills no batch at the end of an epoch is left out of it."""
    epoch, place = divmod(step, len(training) // plan.batch_size)
    return training[_order(plan.seed, epoch, len(training))[place * plan.batch_size : (place + 1) * plan.batch_size]]


@lru_cache(maxsize=1)
def _order(seed: int, epoch: int, count: int) -> np.ndarray:
    return np.random.default_rng([seed, zlib.crc32(b"order"), epoch]).permutation(count)


@torch.no_grad()
def evaluate(crosscoder: Crosscoder, samples: Samples) -> dict:
    """Of the held-out samples, as columns of the table of training: the explained variance, of all sites and magnifications
    together in units of their rms, and of each, Post being ReLU(In + Pre) of what is made and of what is there; how many
    latents fire on average, and the share that never does (dead), or in more than a tenth of the samples (dense)."""
    count, fired, moments = 0, 0, 0
    for part in samples.parts(samples.held_out):
        raw = part.to(crosscoder.mean.device)
        true = crosscoder.scaled(raw)
        codes = crosscoder.encode(true)
        made = crosscoder.decode(codes)
        of_post = [_post(values) / crosscoder.rms[1, :, None] for values in (raw, crosscoder.unscaled(made))]
        true, made = (torch.cat([each, post], dim=1).double() for each, post in zip((true, made), of_post))
        count, fired = count + len(part), fired + (codes > 0).double().sum(dim=0)
        moments = moments + torch.stack([(true - made).square().sum(dim=0), true.sum(dim=0), true.square().sum(dim=0)])
    errors, sums, squares = moments
    left, total = errors.sum(dim=-1), (squares - sums.square() / count).sum(dim=-1)
    share = fired / count
    of_site = [list(map(known, site)) for site in torch.where(total > 0, 1 - left / total, torch.nan).tolist()]
    return {
        "explained": float(1 - left[:2].sum() / total[:2].sum()),
        **dict(zip(("explained_in", "explained_pre", "explained_post"), of_site)),
        "l0": float(share.sum()),
        "dead": float((share == 0).double().mean()),
        "dense": float((share > DENSE).double().mean()),
    }


def _post(activations: torch.Tensor) -> torch.Tensor:
    """(N, 1, octaves, channels): Post of In and Pre."""
    return torch.relu(activations.sum(dim=1, keepdim=True))
