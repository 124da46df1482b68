"""What the model rule says of the network of a run."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from scalestream.errors import InputError
from scalestream.networks.architectures import source_digest
from scalestream.networks.interface import Block, Description


@dataclass(frozen=True)
class Manifest:
    """The network of a run.

    weights: as configured. published: the name that they are published under, if any.
    """

    weights: str
    published: str | None
    weights_sha256: str
    classes: int
    description: Description

    @classmethod
    def read(cls, path: str | Path) -> "Manifest":
        """Raises InputError for a damaged file."""
        try:
            fields = json.loads(Path(path).read_text())
            return cls(**fields | {"description": Description.from_fields(fields["description"])})
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{path} is damaged; delete it and run again") from error

    def write(self, path: str | Path) -> None:
        """As JSON."""
        Path(path).write_text(json.dumps(asdict(self), indent=2) + "\n")

    @property
    def architecture(self) -> str:
        """The network's name."""
        return self.description.architecture

    @property
    def blocks(self) -> dict[str, Block]:
        """All blocks and pairs of blocks by name, in network order."""
        return self.description.by_name

    def load(self, weights_path: str | Path):
        """The network, frozen, in eval mode; raises InputError when a file is not the one that was described."""
        import safetensors.torch

        from scalestream.networks.weights import with_weights

        if hashlib.sha256(Path(weights_path).read_bytes()).hexdigest() != self.weights_sha256:
            raise InputError(f"{weights_path} is not what the manifest beside it describes; delete both and run again")
        if source_digest(self.architecture) != self.description.source:
            raise InputError(f"{self.architecture} has changed since this run began; run again")
        return with_weights(self.description, safetensors.torch.load_file(weights_path), str(weights_path))
