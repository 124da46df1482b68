"""One launch for a whole step on a GPU, where the hundreds of small kernels of a step cost more to launch than to run."""

import logging
from collections.abc import Callable

import torch

WARM_UP = 3  # plain calls before the capture, in which libraries allocate and choose what they need


class Replayed:
    """A function of one tensor of constant shape, captured as a CUDA graph after a few plain calls and replayed from then on.

    The function must do the same work at every call, and neither wait for the device nor look at values. What it returns
    is overwritten by the next call. Where the capture fails the function goes on being called, and the log says why.
    """

    def __init__(self, function: Callable[[torch.Tensor], torch.Tensor]):
        self.function, self.calls, self.stream = function, 0, torch.cuda.Stream()
        self.graph = self.argument = self.result = None

    def __call__(self, argument: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        if self.calls <= WARM_UP:
            return self._beside(argument)
        if self.calls == WARM_UP + 1:
            self._capture(argument)
        if self.graph is None:
            return self.function(argument)
        self.argument.copy_(argument)
        self.graph.replay()
        return self.result

    def _beside(self, argument: torch.Tensor) -> torch.Tensor:
        """A call on a stream of its own, which a capture must be preceded by."""
        self.stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self.stream):
            result = self.function(argument)
        torch.cuda.current_stream().wait_stream(self.stream)
        return result

    def _capture(self, argument: torch.Tensor) -> None:
        graph, self.argument = torch.cuda.CUDAGraph(), argument.clone()
        try:
            with torch.cuda.stream(torch.cuda.current_stream()), torch.cuda.graph(graph):  # back here if the capture fails
                self.result = self.function(self.argument)
            self.graph = graph
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            logging.warning("steps are launched kernel by kernel, as they cannot be captured as a CUDA graph: %s", error)
