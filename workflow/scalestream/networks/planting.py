"""What is planted in the network of architecture planted: which channel is of which kind, from the kinds and a seed alone.

Twelve features, a colour axis and an orientation each, have a channel for either polarity. Both are of one kind: what Pre is
beside In, which decides whether the channel is scale invariant.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np

COLOURS = {"blue_yellow": (1, 1, -2), "grey": (1, 1, 1), "red_green": (1, -1, 0)}
AXES = tuple(COLOURS)  # in alphabetical order, as folders of classes are
ORIENTATIONS = (0, 45, 90, 135)  # degrees, of the direction in which a grating changes, from the right to the bottom
POLARITIES = (1, -1)
BLOCK = "1.1"
FIRST = 6  # channels before those of features hold the blurred image


@dataclass(frozen=True)
class Kind:
    """What Pre of a channel is beside In.

    octaves: by how much its feature is larger, or None where it has none. gain: its peak in units of In's.
    """

    octaves: float | None
    gain: float = 1
    scale_invariant: bool = False


KINDS = {
    "octave": Kind(1, scale_invariant=True),
    "half_octave": Kind(0.5, scale_invariant=True),
    "two_octaves": Kind(2, scale_invariant=True),
    "weak": Kind(1, gain=1 / 3, scale_invariant=True),
    "strong": Kind(1, gain=3, scale_invariant=True),
    "reversed": Kind(-1),
    "same": Kind(0),
    "turned": Kind(1),
    "other_colour": Kind(1),
    "random": Kind(None),
    "negative": Kind(1, gain=-1),
    "none": Kind(None),
}
MOST = {"reversed": 4}  # channels, for which the network has room


@dataclass(frozen=True)
class Feature:
    """A channel's feature at In: a Gabor function of a colour axis (AXES), an orientation in degrees, and a polarity."""

    axis: str
    orientation: int
    polarity: int

    @property
    def label(self) -> str:
        """The class that its channels vote for."""
        return f"{self.axis}_{self.orientation:03}"


FEATURES = {FIRST + number: Feature(*each) for number, each in enumerate(product(AXES, ORIENTATIONS, POLARITIES))}  # by channel
CLASSES = tuple(dict.fromkeys(feature.label for feature in FEATURES.values()))  # in alphabetical order


def colour(axis: str) -> np.ndarray:
    """A colour axis as a unit vector of red, green and blue: (3,)."""
    return np.array(COLOURS[axis]) / np.linalg.norm(COLOURS[axis])


def planted_kinds(kinds: dict[str, int], seed: int) -> dict[int, str]:
    """The kind of every channel that has a feature, by channel: the kinds, at random over the features.

    kinds: how many channels are of which kind; even numbers, as many as there are channels (`faults` says where they are not).
    """
    pool = [name for name in KINDS for _ in range(kinds.get(name, 0) // len(POLARITIES))]
    drawn = generator(seed, "kinds").permutation(pool)
    return {channel: str(drawn[number // len(POLARITIES)]) for number, channel in enumerate(FEATURES)}


def faults(kinds: dict[str, int]) -> list[str]:
    """What is wrong with the numbers of channels of each kind, which are even numbers of known kinds."""
    found = [
        f"{kinds[name]} channels are {name}; there is room for {most}"
        for name, most in MOST.items()
        if kinds.get(name, 0) > most
    ]
    total = sum(kinds.values())
    if total != len(FEATURES):
        found.append(f"{total} channels have a kind, and {len(FEATURES)} a feature; give all of them one (none, for no branch)")
    return found


def mixing(seed: int) -> np.ndarray:
    """The orthogonal matrix (24, 24) that mixes the channels of features in superposition: a column is the direction of one."""
    drawn, signs = np.linalg.qr(generator(seed, "superposition").standard_normal((len(FEATURES), len(FEATURES))))
    return drawn * np.sign(np.diagonal(signs))  # which makes any orthogonal matrix as likely as any other


def superposition_faults(kinds: dict[str, int], noise: float) -> list[str]:
    """What does not go with superposition."""
    faults = {
        "reversed channels take the branch that mixes the others; give {reversed: 0}": kinds.get("reversed"),
        "noise would be mixed in too; give noise: 0": noise,
    }
    return [fault for fault, is_there in faults.items() if is_there]


def generator(seed: int, purpose: str) -> np.random.Generator:
    """Random numbers for one purpose: kinds, filters, noise, superposition, or where a calibration starts."""
    return np.random.default_rng([seed, *purpose.encode()])


def truth(kinds: dict[str, int], seed: int) -> list[dict]:
    """Rows of the table of planted channels, one for every channel that has a feature; arguments as for `planted_kinds`."""
    return [
        {
            "block": BLOCK,
            "channel": channel,
            "kind": kind,
            "scale_invariant": KINDS[kind].scale_invariant,
            "octaves": KINDS[kind].octaves,
            **vars(FEATURES[channel]),
        }
        for channel, kind in planted_kinds(kinds, seed).items()
    ]
