"""Replayed steps: their bookkeeping with a stand-in for the CUDA graph, and the real thing where there is a GPU."""

import contextlib
import logging
from unittest import mock

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from conftest import randomized
from scalestream.networks.graph import before_relu, cut_after
from scalestream.visualization.ascent import Ascent
from scalestream.visualization.cuda_graphs import WARM_UP, Replayed
from scalestream.visualization.parameterization import FourierImages
from scalestream.visualization.transforms import TransformSettings, together
from scalestream.visualization.visualize import Optimization, start, visualize


class StandIn:
    """A graph that runs the captured function again, on the tensors that it was captured with."""

    def __init__(self):
        self.replays = 0

    def replay(self):
        self.replays += 1
        self.owner.result.copy_(self.owner.function(self.owner.argument))


@pytest.fixture
def counter():
    """What a step changes: how often it was really done, and on what."""
    return torch.zeros(())


@pytest.fixture
def step(counter):
    def step(argument: torch.Tensor) -> torch.Tensor:
        counter.add_(1)
        return counter * 100 + argument

    return step


@pytest.fixture
def stand_in(monkeypatch, counter):
    @contextlib.contextmanager
    def capture(_):
        before = counter.clone()
        yield
        counter.copy_(before)  # a capture does nothing

    graph = StandIn()
    monkeypatch.setattr(torch.cuda, "CUDAGraph", lambda: graph)
    monkeypatch.setattr(torch.cuda, "graph", capture)
    monkeypatch.setattr(torch.cuda, "Stream", mock.MagicMock())
    monkeypatch.setattr(torch.cuda, "current_stream", mock.MagicMock())
    monkeypatch.setattr(torch.cuda, "stream", lambda _: contextlib.nullcontext())
    return graph


EACH_STEP_ONCE = [100, 201, 302, 403, 504, 605, 706, 807]


def test_a_step_is_called_a_few_times_and_then_replayed_with_each_new_argument(stand_in, step):
    replayed = stand_in.owner = Replayed(step)
    assert [float(replayed(torch.tensor(float(value)))) for value in range(8)] == EACH_STEP_ONCE
    assert stand_in.replays == 8 - WARM_UP


def test_a_step_that_cannot_be_captured_goes_on_being_called(stand_in, step, monkeypatch, caplog):
    @contextlib.contextmanager
    def failing(_):
        raise RuntimeError("operation not permitted when stream is capturing")
        yield

    monkeypatch.setattr(torch.cuda, "graph", failing)
    replayed = Replayed(step)
    with caplog.at_level(logging.WARNING):
        assert [float(replayed(torch.tensor(float(value)))) for value in range(8)] == EACH_STEP_ONCE
    assert caplog.text.count("cannot be captured as a CUDA graph: operation not permitted") == 1


def test_memory_that_runs_out_in_a_capture_is_not_taken_for_a_step_that_cannot_be_captured(stand_in, step, monkeypatch):
    @contextlib.contextmanager
    def failing(_):
        raise torch.OutOfMemoryError("CUDA out of memory")
        yield

    monkeypatch.setattr(torch.cuda, "graph", failing)
    replayed = Replayed(step)
    with pytest.raises(torch.OutOfMemoryError):
        for value in range(8):
            replayed(torch.tensor(float(value)))


@pytest.mark.parametrize("by_sum", [False, True])
@pytest.mark.parametrize(("layer", "jitter"), [("layer1.1", 0), ("layer3.1", 16), ("layer4.1", 16)])
def test_a_step_uses_nothing_of_the_host_and_waits_for_nothing(layer, jitter, by_sum):
    """A capture refuses host tensors and values that Python looks at; every operation of a real step is listed here."""
    transform_settings = TransformSettings(jitter, (1, 0.95, 1.05), (-5, 0, 5))
    part = cut_after(randomized("small", 12), layer)
    ascent = Ascent(before_relu(part) if by_sum else part, layer, "neuron", 112, transform_settings, 0.05, by_sum)
    answered = torch.tensor([False]) if by_sum else None
    noise, draws = start(layer, 3, Optimization(112, 2, 0.05, 0.01, 0, transform_settings))
    images, own = FourierImages(noise[None], 112), torch.tensor([3])
    optimizer = torch.optim.Adam([images.spectra], lr=0.05, fused=True)
    turns = ascent.turns(together([draws]))[0]

    class Listed(TorchDispatchMode):
        names = []

        def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
            self.names.append(function.overloadpacket.__name__)
            return function(*arguments, **(keywords or {}))

    with Listed():
        optimizer.zero_grad()
        ascent.backward(images, own, turns, answered)
        optimizer.step()
    assert "grid_sampler_2d_backward" in Listed.names and "_fused_adam_" in Listed.names
    waiting = {"_local_scalar_dense", "_to_copy", "lift_fresh", "nonzero", "is_nonzero", "item", "scalar_tensor"}
    assert not waiting & set(Listed.names)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize(
    ("layer", "jitter"), [("layer1.1.bn2", 0), ("layer2.0", 4), ("layer3.1.bn2", 16), ("layer4.1.bn2", 16)]
)
def test_on_a_gpu_replayed_steps_give_the_images_of_the_cpu(double_precision, layer, jitter, monkeypatch, caplog):
    network = randomized("small", 12)
    settings = Optimization(112, 12, 0.05, 0.01, 0, TransformSettings(jitter, (1, 0.95, 1.05), (-5, 0, 5)))
    on_gpu = visualize(network, layer, [0, 5, 9], "neuron", settings)
    assert "cannot be captured" not in caplog.text
    for module in ("visualization.ascent", "visualization.visualize", "activations.center"):
        monkeypatch.setattr(f"scalestream.{module}.device", lambda: torch.device("cpu"))
    on_cpu = visualize(network.cpu(), layer, [0, 5, 9], "neuron", settings)
    for one, other in zip(on_gpu, on_cpu, strict=True):
        assert abs(one.image.astype(int) - other.image).max() <= 1
        assert one.trace == pytest.approx(other.trace, rel=1e-6)
