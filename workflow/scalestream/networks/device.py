"""The device that everything is computed on."""

import torch

torch.backends.cudnn.allow_tf32 = False  # a GPU's convolutions would round their inputs to 11 bits


def device() -> torch.device:
    """CUDA where there is one, else the CPU."""
    return torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
