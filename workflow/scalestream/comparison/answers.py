"""Which images every network of a family answers correctly, at the same magnifications."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scalestream.ablation.correctness import unpacked
from scalestream.comparison.members import Member
from scalestream.errors import InputError
from scalestream.robustness.tables import ANSWERED, ROBUSTNESS
from scalestream.run import provenance, tables


@dataclass(frozen=True)
class Answers:
    """correct: (K, M, N), of K networks at M ascending magnifications over N images, the same for all networks."""

    members: list[Member]
    magnifications: list[float]
    correct: np.ndarray

    @classmethod
    def read(cls, members: Sequence[Member], paths: Sequence[str]) -> "Answers":
        """From the networks' tables of robustness; raises InputError where networks were not asked the same."""
        first, *others = [tables.read(path, ROBUSTNESS).sort_by("magnification") for path in paths]
        images, *others_images = [provenance.read(path).get(ANSWERED) for path in paths]
        for member, table, digest in zip(members[1:], others, others_images, strict=True):
            pair = f"{members[0].network} and {member.network}"
            if digest != images:
                raise InputError(f"{pair} answered different images; give all networks of the family the same images")
            if table["magnification"] != first["magnification"]:
                raise InputError(
                    f"{pair} were measured at different magnifications; give all networks of the family the same "
                    "robustness.magnifications"
                )
        correct = [
            [unpacked(row["correct"], row["n_images"]) for row in table.select(["correct", "n_images"]).to_pylist()]
            for table in (first, *others)
        ]
        return cls(list(members), first["magnification"].to_pylist(), np.array(correct))

    @property
    def n_images(self) -> int:
        return self.correct.shape[2]

    def of_recipe(self, recipe: str | None) -> "Answers":
        """Those of the networks of one recipe."""
        chosen = [place for place, member in enumerate(self.members) if member.recipe == recipe]
        return Answers([self.members[place] for place in chosen], self.magnifications, self.correct[chosen])
