"""timm's networks, by name and tag."""

import difflib

import timm
import torch
from huggingface_hub import model_info, try_to_load_from_cache
from timm.data import resolve_data_config
from torch import nn

from scalestream.errors import InputError, in_one_line
from scalestream.networks.interface import Preprocessing

PREFIX = "timm:"
PRETRAINED = "pretrained"
FILES = ("model.safetensors", "pytorch_model.bin")  # that timm looks for in a repository
TIMEOUT = 10  # seconds


class TimmNetwork:
    """The network `timm:NAME.TAG`; the tag says which weights "pretrained" are, and may be left out for timm's default."""

    def __init__(self, name: str):
        self.name, self.timm_name = name, name.removeprefix(PREFIX)

    def build(self, num_classes: int | None = None) -> nn.Module:
        """With freshly initialised weights; of its own number of classes, if no other is given."""
        classes = {} if num_classes is None else {"num_classes": num_classes}
        return self._create(pretrained=False, **classes)

    def weights(self) -> dict[str, Preprocessing]:
        """timm's own, with the data configuration that they come with; none for a network without."""
        self._require_known()
        published = timm.get_pretrained_cfg(self.timm_name)
        if published is None or not published.has_weights:
            return {}
        config = resolve_data_config(pretrained_cfg=published.to_dict())
        crop = config["input_size"][1]
        resize = int(crop / config["crop_pct"])
        return {PRETRAINED: Preprocessing(resize, crop, config["interpolation"], config["mean"], config["std"])}

    def fetch(self, weights: str) -> dict[str, torch.Tensor]:
        """The state dict, from the hub's cache or the network; raises OSError."""
        try:
            self._require_answer()
            return self._create(pretrained=True).state_dict()
        except InputError:
            raise
        except Exception as error:  # the hub's errors are of several libraries
            raise OSError(in_one_line(error)) from error

    def published_digest(self, weights: str) -> None:
        """None: the hub's files have no digest in their names."""

    def _create(self, **options) -> nn.Module:
        self._require_known()
        return timm.create_model(self.timm_name, **options)

    def _require_answer(self) -> None:
        """Raises the hub's error at once where it does not answer; timm would ask for most of a minute."""
        repository = timm.get_pretrained_cfg(self.timm_name).hf_hub_id
        if repository and not any(isinstance(try_to_load_from_cache(repository, file), str) for file in FILES):
            model_info(repository, timeout=TIMEOUT)

    def _require_known(self) -> None:
        name, _, tag = self.timm_name.partition(".")
        if not timm.is_model(name):
            close = difflib.get_close_matches(name, timm.list_models(), n=3)
            hint = f"did you mean {', '.join(f'{PREFIX}{each}' for each in close)}?" if close else "see timm.list_models()"
            raise InputError(f"model.architecture: timm has no network {name!r}; {hint}")
        tags = [each.partition(".")[2] for each in timm.list_pretrained(f"{name}.*")]
        if tag and tag not in tags:
            raise InputError(f"model.architecture: timm's {name} has no weights {tag!r}; it has {', '.join(tags) or 'none'}")
