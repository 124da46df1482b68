"""torchvision, in half the time: its roi_align, which nothing here calls, imports torch's compiler as soon as torchvision is
imported, and so in every job."""

import sys
from types import ModuleType

import torch  # noqa: F401 (before there is a stand-in for a part of it)

COMPILER = "torch._dynamo.utils"  # which imports all of it


def _is_compile_supported(device_type: str) -> bool:
    """The compiler's own answer, for who calls roi_align all the same."""
    from torch._dynamo.utils import is_compile_supported

    return is_compile_supported(device_type)


stands_in = COMPILER not in sys.modules
if stands_in:
    sys.modules[COMPILER] = ModuleType(COMPILER)
    sys.modules[COMPILER].is_compile_supported = _is_compile_supported
try:
    from torchvision import models
    from torchvision.models.resnet import BasicBlock, ResNet
    from torchvision.ops import StochasticDepth
    from torchvision.transforms import functional
finally:
    if stands_in:
        del sys.modules[COMPILER]

__all__ = ["BasicBlock", "ResNet", "StochasticDepth", "functional", "models"]
