"""The networks of a family: each a configuration of its own, laid over what all have in common."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, replace
from itertools import product

from scalestream.config.checking import check, section
from scalestream.config.files import overlaid
from scalestream.config.settings import settings
from scalestream.errors import InputError
from scalestream.images.sources import DRAWN
from scalestream.networks.interface import TRAINED

SHARED_BY = ("skip_unreadable", "resize", "interpolation", "cache")
ALONE = {"networks": [], "recipes": [], "seeds": []}  # of the configuration of a network in the family


@dataclass(frozen=True)
class Member:
    """A network of a family.

    network: as listed; of several that differ in recipe or seed alone, an arm of a comparison. recipe, seed: of its training,
    where the family has several. config: complete, as that of a run of this network alone.
    """

    network: str
    recipe: str | None
    seed: int | None
    config: dict

    @property
    def name(self) -> str:
        """Of its folder, and what its rules' names begin with."""
        return "_".join(str(part) for part in (self.network, self.recipe, self.seed) if part is not None)

    @property
    def factors(self) -> dict:
        """What tells it from the others, as tables have it."""
        return {"network": self.name, "arm": self.network, "recipe": self.recipe, "seed": self.seed}

    @property
    def image_set(self) -> str:
        """A name for its images as they are listed, decoded and resized: members that have them in common share it."""
        found = "images.demo" if self._is_drawn else "images.root"
        return self._name(self.config["images"]["source"], found)

    @property
    def training_set(self) -> str | None:
        """Likewise for the images that it is trained with, if it is."""
        if self.config["model"]["weights"] != TRAINED:
            return None
        drawn = ("images.demo.seed", "training.images.per_class", "training.images.scales")
        return self._name("training", *(drawn if self._is_drawn else ["training.images.root"]))

    @property
    def _is_drawn(self) -> bool:
        return self.config["images"]["source"] in DRAWN

    def _name(self, kind: str, *keys: str) -> str:
        kept = settings(self.config, "images.source", *keys, *(f"images.{key}" for key in SHARED_BY))
        digest = hashlib.sha256(json.dumps(kept).encode()).hexdigest()
        return f"{kind}_{self.config['images']['resize']}_{digest[:8]}"


def has_members(config: dict) -> bool:
    """Whether a configuration is of several networks."""
    family = config.get("family")
    return isinstance(family, dict) and bool(family.get("networks"))


def members(config: dict) -> list[Member]:
    """The networks of a family, in their order, every recipe and seed of a network after the other.

    Raises InputError with one line for every fault, of a network's own configuration with its name before it.
    """
    family = section(config, "family")
    _require_names(family)
    common = config | {"family": config["family"] | ALONE}
    recipes, seeds = family["recipes"] or [{}], family["seeds"] or [None]
    found, faults = [], []
    for network, recipe, seed in product(family["networks"], recipes, seeds):
        own = common
        for part in (network, recipe):
            own = overlaid(own, {key: value for key, value in part.items() if key != "name"})
        if seed is not None:
            own = overlaid(own, {"training": {"seed": seed}})
        member = Member(network["name"], recipe.get("name"), seed, own)
        try:
            found.append(replace(member, config=check(own)))
        except InputError as error:
            faults += [f"network {member.name}: {line}" for line in str(error).splitlines()]
    names = Counter(member.name for member in found)
    faults += [f"config: family: two networks come to the name {name}; rename one" for name in names if names[name] > 1]
    if faults:
        raise InputError("\n".join(faults))
    return found


def _require_names(family: dict) -> None:
    faults = []
    for key in ("networks", "recipes"):
        names = Counter(part["name"].lower() for part in family[key])
        faults += [f"config: family.{key}: two have the name {name}; rename one" for name in names if names[name] > 1]
        faults += [
            f"config: family.{key}: {part['name']} has a key family; take it out, as there is one family"
            for part in family[key]
            if "family" in part
        ]
    networks, reference = [network["name"] for network in family["networks"]], family["reference"]
    if reference is not None and reference not in networks:
        faults.append(
            f"config: family.reference: there is no network {reference!r}; give one of {', '.join(networks)}, or null"
        )
    if faults:
        raise InputError("\n".join(faults))
