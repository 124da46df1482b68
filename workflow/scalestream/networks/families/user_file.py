"""A network of the user's own, made by a function in a Python file."""

import importlib.util
import sys
from pathlib import Path

import torch
from torch import nn

from scalestream.errors import InputError, in_one_line
from scalestream.networks.architectures import source_file
from scalestream.networks.interface import Preprocessing

AS_BUILT = "as_built"


class UserFile:
    """The network `path/to/file.py:function`, which the function, called without arguments, returns."""

    def __init__(self, name: str):
        self.name = name

    def build(self, num_classes: int | None = None) -> nn.Module:
        """The function's module, whatever number of classes is given; raises InputError naming file and fault."""
        file, function = source_file(self.name), self.name.rpartition(":")[2]
        make = getattr(self._imported(file), function, None)
        if not callable(make):
            raise InputError(f"model.architecture: {file} has no function {function!r}; give path/to/file.py:function")
        try:
            network = make()
        except (Exception, SystemExit) as error:
            raise InputError(
                f"model.architecture: {self.name} fails ({type(error).__name__}: {in_one_line(error)}); "
                "it is called without arguments and returns an nn.Module"
            ) from error
        if not isinstance(network, nn.Module):
            raise InputError(f"model.architecture: {self.name} returns {type(network).__name__}; return an nn.Module")
        return network

    def weights(self) -> dict[str, Preprocessing]:
        """What the function's network is built with; ImageNet's usual preprocessing is assumed."""
        return {AS_BUILT: Preprocessing()}

    def fetch(self, weights: str) -> dict[str, torch.Tensor]:
        """The state dict of the network as the function returns it."""
        return self.build().state_dict()

    def published_digest(self, weights: str) -> None:
        """None: it is published nowhere."""

    def _imported(self, file: Path):
        folder = str(file.parent.resolve())
        if folder not in sys.path:
            sys.path.append(folder)  # for what the file imports beside it
        specification = importlib.util.spec_from_file_location(f"network_of_{file.stem}", file)
        module = importlib.util.module_from_spec(specification)
        try:
            specification.loader.exec_module(module)
        except (Exception, SystemExit) as error:
            raise InputError(
                f"model.architecture: {file} cannot be imported ({type(error).__name__}: {in_one_line(error)}); mend the file"
            ) from error
        return module
