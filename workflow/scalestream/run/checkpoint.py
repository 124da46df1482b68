"""What a long job has so far, kept beside its output, so that a job that is killed loses a minute of work."""

import hashlib
import io
import json
import logging
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from scalestream.run.files import atomic_write

INTERVAL = 60  # seconds


class Checkpoint:
    """Values by key that outlive the process, in a hidden folder beside `output`; without an output, for a process alone.

    identity: everything that the values depend on. What was kept under another identity is deleted. A value is made of what
    torch saves and loads as plain data: tensors, numbers, text, lists and dicts.
    """

    def __init__(self, output: str | Path | None = None, identity: object = None):
        self.folder = None
        self.pending: dict[str, Callable[[], Any]] = {}
        self.kept = time.monotonic()
        if output is not None:
            self._open(Path(output), identity)

    def _open(self, output: Path, identity: object) -> None:
        digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
        prefix = f".{output.name}.checkpoint-"
        self.folder = output.with_name(prefix + digest[:16])
        for other in output.parent.glob(f"{prefix}*"):
            if other != self.folder:
                shutil.rmtree(other, ignore_errors=True)
        if self.folder.is_dir():
            logging.info("going on from what an earlier try kept in %s", self.folder)

    def get(self, key: str) -> Any:
        """The last value under the key, or None."""
        if key in self.pending:
            return self.pending[key]()
        path = self.folder and self.folder / f"{key}.pt"
        if not path or not path.exists():
            return None
        try:
            return torch.load(path, weights_only=True)
        except Exception:  # torch raises many kinds for a damaged file
            logging.warning("%s is damaged and left out", path)
            return None

    def keep(self, key: str, value: Callable[[], Any], now: bool = False) -> bool:
        """Have value() under the key; when a minute has passed since the last time, or `now`, write all that is new.

        Returns whether it did.
        """
        self.pending[key] = value
        if self.folder is None or not now and time.monotonic() - self.kept < INTERVAL:
            return False
        for name, pending in self.pending.items():
            data = io.BytesIO()
            torch.save(pending(), data)  # which to a full disk fails in its own ways
            with atomic_write(self.folder / f"{name}.pt") as partial:
                partial.write_bytes(data.getbuffer())
        self.pending.clear()
        self.kept = time.monotonic()
        return True

    def clear(self) -> None:
        """Delete what was kept, when the output is there."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
