"""The plain ablation loop: every image decoded, transformed and run through the whole network for each condition and scale.

What this project's ablation is compared with, in tests and benchmark.
"""

import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

NORMALIZE = transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])


def side(percent: int, resize: int, crop: int) -> int:
    """Pixels of the center crop at a scale (paper, section 4)."""
    return crop if percent == 0 else resize - int(resize * percent / 100)


class Files(Dataset):
    """Network input (3, crop, crop) of image files at a scale."""

    def __init__(self, paths: list[str], percent: int, resize: int, crop: int):
        self.paths = paths
        self.transform = transforms.Compose(
            [
                transforms.Resize(resize),
                transforms.CenterCrop(side(percent, resize, crop)),
                transforms.Resize(crop),
                transforms.ToTensor(),
                NORMALIZE,
            ]
        )

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> torch.Tensor:
        return self.transform(Image.open(self.paths[index]).convert("RGB"))


@torch.inference_mode()
def logits(network: nn.Module, block: str, channels: list[int], means: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
    """A forward pass of the whole network with a hook that overwrites the block's output map."""

    def overwrite(_module, _inputs, output):
        output = output.clone()
        for channel in channels:
            output[:, channel, :, :] = means[channel]
        return output

    handle = network.get_submodule(f"layer{block}").register_forward_hook(overwrite)
    try:
        return network(images)
    finally:
        handle.remove()


def answers(
    network: nn.Module,
    block: str,
    channels: list[int],
    means: torch.Tensor,
    paths: list[str],
    percent: int,
    resize: int,
    crop: int,
    batch_size: int,
) -> torch.Tensor:
    """Top-1 answers (N,) to image files with the channels ablated, at a scale."""
    device = next(network.parameters()).device
    return torch.cat(
        [
            logits(network, block, channels, means, images.to(device)).argmax(dim=1).cpu()
            for images in DataLoader(Files(paths, percent, resize, crop), batch_size)
        ]
    )
