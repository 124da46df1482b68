"""The networks that can be studied, by name (paper, section 2.1), and what is known of them without building them."""

import difflib
import hashlib
import os
import subprocess
import sys
from functools import cache
from importlib.metadata import version
from pathlib import Path
from pkgutil import resolve_name

from scalestream.errors import InputError
from scalestream.networks.interface import PLANTED, RANDOM, Architecture, Description
from scalestream.places import LIBRARY, PROJECT
from scalestream.run.files import atomic_write

RESOURCES = PROJECT / "resources"
MADE = Path(".snakemake", "scalestream", "networks")  # descriptions of networks that are not shipped

# Names alone, so that a network that is added changes nothing of what the others' jobs reach.
FAMILIES = {
    "scalestream.networks.families.small:SmallResNet": ("small", "small_wide", "small_deep"),
    "scalestream.networks.families.torchvision_resnet:TorchvisionResNet": (
        *("resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "wide_resnet50_2", "wide_resnet101_2"),
        *("resnext50_32x4d", "resnext101_32x8d", "resnext101_64x4d"),
    ),
    "scalestream.networks.families.arms:Plain": ("small_plain", "resnet18_plain"),
    "scalestream.networks.families.arms:ZeroPadded": ("small_zero_padded", "resnet18_zero_padded"),
    "scalestream.networks.families.cornet_s:CornetSFamily": ("cornet_s",),
    "scalestream.networks.families.inception_v1:InceptionV1Family": ("inception_v1",),
    "scalestream.networks.families.torchvision_googlenet:TorchvisionGoogLeNet": ("googlenet",),
    "scalestream.networks.families.planted:PlantedResNet": ("planted",),
}
TIMM = "scalestream.networks.families.timm_network:TimmNetwork"
USER_FILE = "scalestream.networks.families.user_file:UserFile"
NAMED = tuple(name for names in FAMILIES.values() for name in names)

SHIPPED = {"small": {"embedded": RESOURCES / "small.safetensors"}}  # files of weights, by network and name
PACKAGES = ("torch", "torchvision", "timm")


def family(name: str) -> str:
    """The class of a network's family, as `module:name`; raises InputError for an unknown name."""
    if name.startswith("timm:"):
        return TIMM
    if name.rpartition(":")[0].endswith(".py"):
        return USER_FILE
    for each, names in FAMILIES.items():
        if name in names:
            return each
    close = difflib.get_close_matches(name, NAMED, n=3)
    known = f"did you mean {', '.join(close)}?" if close else f"known: {', '.join(NAMED)}"
    raise InputError(f"model.architecture: unknown network {name!r}; {known}; also timm:NAME.TAG and path/to/file.py:function")


def architecture(name: str) -> Architecture:
    """The named network."""
    return resolve_name(family(name))(name)


def source_file(name: str) -> Path | None:
    """The file that a user's network comes from; None for other networks. Raises InputError where there is no such file."""
    if family(name) != USER_FILE:
        return None
    file = Path(name.rpartition(":")[0])
    if not file.is_file():
        raise InputError(f"model.architecture: there is no file {file}; give path/to/file.py:function")
    return file


def source_digest(name: str) -> str | None:
    """The sha256 of the file that a user's network comes from; raises InputError as `source_file`."""
    file = source_file(name)
    return hashlib.sha256(file.read_bytes()).hexdigest() if file else None


def versions() -> dict[str, str]:
    """Of the packages that decide what a network looks like."""
    return {package: version(package) for package in PACKAGES}


def description(name: str) -> Description:
    """What is known of a named network: shipped, or else made once, by a process of its own, and kept in the working directory.

    Imports no torch. Raises InputError where the network cannot be built or traced.
    """
    if name in NAMED:
        return Description.from_json((RESOURCES / "networks" / f"{name}.json").read_text())
    key = hashlib.sha256(f"{name} {source_digest(name)} {versions()} {_own_digest()}".encode()).hexdigest()
    kept = MADE / f"{key[:16]}.json"
    try:
        return Description.from_json(kept.read_text())
    except (OSError, KeyError, TypeError, ValueError):
        text = _asked("describe", name)
    kept.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(kept) as path:
        path.write_text(text)
    return Description.from_json(text)


def published(network: Description) -> list[str]:
    """Names of weights that are published, all trained on ImageNet: not shipped, random, planted or a user file's."""
    names = [name for name in network.weights if name not in SHIPPED.get(network.architecture, ())]
    return [name for name in names if not name.startswith((RANDOM, PLANTED)) and network.source is None]


@cache  # several workflows of a process may ask, each answer taking seconds
def require_fit(architecture: str, weights: str) -> None:
    """Raises InputError unless a file's weights are those of the named network; imports no torch."""
    _asked("fit", architecture, weights)


def _own_digest() -> str:
    """Of the code that describes networks."""
    files = sorted(Path(__file__).parent.rglob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _asked(*arguments: str) -> str:
    """What a command of the library prints, run by a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "scalestream", *arguments],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(LIBRARY.parent)},
    )
    if done.returncode:
        raise InputError((done.stderr.strip() or f"{' '.join(arguments)} has failed").splitlines()[-1])
    return done.stdout
