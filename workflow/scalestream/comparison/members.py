"""The networks of a family, and which of them are compared."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from scalestream.errors import InputError


@dataclass(frozen=True)
class Member:
    """A network of a family.

    arm: what is compared. recipe: how it was trained; arms are compared within one. seed: of its training; networks of one seed
    are compared in pairs.
    """

    network: str
    arm: str
    recipe: str | None = None
    seed: int | None = None

    @classmethod
    def from_settings(cls, settings: dict) -> "Member":
        """From what a family's configuration says of it, and more."""
        return cls(*(settings.get(name) for name in cls.__dataclass_fields__))

    @property
    def columns(self) -> dict:
        """Those that every table of a family begins with."""
        return asdict(self)


def by_seed(members: Iterable[Member], arm: str) -> dict[int, int]:
    """The places of an arm's networks by their seed, of the members of one recipe; one without a seed is in no pair.

    Raises InputError where two are of one seed.
    """
    places: dict[int, int] = {}
    members = list(members)
    for place, member in enumerate(members):
        if member.arm == arm and member.seed is not None:
            if member.seed in places:
                other = members[places[member.seed]].network
                raise InputError(
                    f"{other} and {member.network} are both seed {member.seed} of arm {arm}; give them seeds or recipes of "
                    "their own"
                )
            places[member.seed] = place
    return places
