"""Replayed steps: their bookkeeping with a stand-in for the CUDA graph, and the real thing where there is a GPU."""

import contextlib
import logging
from unittest import mock

import pytest
import torch

from conftest import randomized
from scalestream.cuda_graphs import WARM_UP, Replayed
from scalestream.transforms import Robustness
from scalestream.visualization import Optimization, visualize


class StandIn:
    """A graph that runs the captured function again, on the tensors that it was captured with."""

    def __init__(self):
        self.replays = 0

    def replay(self):
        self.replays += 1
        self.owner.result.copy_(self.owner.function(self.owner.argument))


@pytest.fixture
def stand_in(monkeypatch):
    graph = StandIn()
    monkeypatch.setattr(torch.cuda, "CUDAGraph", lambda: graph)
    monkeypatch.setattr(torch.cuda, "graph", lambda _: contextlib.nullcontext())
    monkeypatch.setattr(torch.cuda, "Stream", mock.MagicMock())
    monkeypatch.setattr(torch.cuda, "current_stream", mock.MagicMock())
    monkeypatch.setattr(torch.cuda, "stream", lambda _: contextlib.nullcontext())
    return graph


def test_a_step_is_called_a_few_times_and_then_replayed_with_each_new_argument(stand_in):
    replayed = stand_in.owner = Replayed(lambda argument: argument * 2)
    found = [float(replayed(torch.tensor(float(value)))) for value in range(8)]
    assert found == [0, 2, 4, 6, 8, 10, 12, 14]
    assert stand_in.replays == 8 - WARM_UP


def test_a_step_that_cannot_be_captured_goes_on_being_called(stand_in, monkeypatch, caplog):
    @contextlib.contextmanager
    def failing(_):
        raise RuntimeError("operation not permitted when stream is capturing")
        yield

    monkeypatch.setattr(torch.cuda, "graph", failing)
    replayed = Replayed(lambda argument: argument * 2)
    with caplog.at_level(logging.WARNING):
        assert [float(replayed(torch.tensor(float(value)))) for value in range(6)] == [0, 2, 4, 6, 8, 10]
    assert caplog.text.count("cannot be captured as a CUDA graph: operation not permitted") == 1


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize(("layer", "jitter"), [("layer1.1.bn2", 0), ("layer3.1.bn2", 16), ("layer4.1.bn2", 0)])
def test_on_a_gpu_replayed_steps_give_the_images_of_the_cpu(layer, jitter, monkeypatch):
    network = randomized("small", 12).double()
    settings = Optimization(112, 12, 0.05, 0.01, 0, Robustness(jitter, (1, 0.95, 1.05), (-5, 0, 5)))
    on_gpu = visualize(network, layer, [0, 5, 9], "neuron", settings)
    for module in ("ascent", "visualization"):
        monkeypatch.setattr(f"scalestream.{module}.device", lambda: torch.device("cpu"))
    on_cpu = visualize(network.cpu(), layer, [0, 5, 9], "neuron", settings)
    for one, other in zip(on_gpu, on_cpu, strict=True):
        assert abs(one.image.astype(int) - other.image).max() <= 1
        assert one.trace == pytest.approx(other.trace, rel=1e-6)
